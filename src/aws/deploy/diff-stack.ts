import { SluiceError } from '../../errors.js';
import type { AccountAccess } from './account-access.js';
import type { AssemblyStack } from './assembly.js';
import { createChangeSet, deleteChangeSet, type ResourceChange } from './change-set.js';
import { deployedTemplate } from './deployed-template.js';
import { findStack, stackTags } from './own-stack.js';
import { type PermissionChanges, permissionChanges } from './permission-changes.js';
import { isAbortive, isUnderWay } from './stack-events.js';
import { templateFor } from './upload-assets.js';

/** What a deployment would do to one stack. */
export interface StackDiff {
  readonly stack: string;
  readonly account: string;
  readonly region: string;
  /** It would be created. */
  readonly isNew: boolean;
  readonly changes: readonly ResourceChange[];
  readonly permissions: PermissionChanges;
}

/** Asks CloudFormation by a change set that is not carried out, and taken away. A stack that is not there is its template. */
export async function diffStack(
  stack: AssemblyStack,
  access: AccountAccess,
  signal: AbortSignal,
): Promise<StackDiff> {
  const { name, account, region, template } = stack;
  const { cloudFormation } = access;
  const found = await findStack(cloudFormation, name);
  const place = { stack: name, account, region };
  if (found === undefined || found.status === 'REVIEW_IN_PROGRESS' || isAbortive(found.status)) {
    return {
      ...place,
      isNew: true,
      changes: additions(template),
      permissions: permissionChanges('', template),
    };
  }
  if (isUnderWay(found.status)) {
    throw new SluiceError('stack_refused', `the stack ${name} is ${found.status}`, {
      hint: 'wait until it is done: sluice deploy follows it',
    });
  }
  const changes = await createChangeSet(cloudFormation, {
    stack: name,
    type: 'UPDATE',
    template: await templateFor(access, name, template, stack.bucket),
    tags: stackTags(stack),
    signal,
  });
  if (changes !== undefined) await deleteChangeSet(cloudFormation, changes);
  const deployed = await deployedTemplate(cloudFormation, found.id);
  return {
    ...place,
    isNew: false,
    changes: changes?.changes ?? [],
    permissions: permissionChanges(deployed, template),
  };
}

function additions(template: string): readonly ResourceChange[] {
  const { Resources: resources = {} } = JSON.parse(template) as {
    readonly Resources?: Readonly<Record<string, { readonly Type: string }>>;
  };
  return Object.entries(resources).map(([resource, { Type: type }]) => ({
    action: 'Add',
    resource,
    type,
    replacement: 'False',
    scope: [],
    properties: [],
  }));
}
