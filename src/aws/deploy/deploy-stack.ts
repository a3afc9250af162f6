import { SluiceError } from '../../errors.js';
import type { AccountAccess } from './account-access.js';
import type { AssemblyStack } from './assembly.js';
import { carryOut } from './carry-out.js';
import { type ChangeSet, createChangeSet, deleteChangeSet, type ResourceChange } from './change-set.js';
import { deleteStack, type StackWork } from './delete-stack.js';
import { followStack } from './follow-stack.js';
import type { StackResult } from './observer.js';
import { type FoundStack, findStack, stackTags } from './own-stack.js';
import { isAbortive, isGood, isUnderWay } from './stack-events.js';
import { stackFailure } from './stack-failure.js';
import { templateFor } from './upload-assets.js';

export interface DeployStackOptions extends StackWork {
  /** Is asked before anything that holds data is replaced or removed. */
  readonly allows: (stack: string, losses: readonly ResourceChange[]) => Promise<boolean>;
}

/**
 * Creates or updates a stack through a change set and tells what happens until it is done. What somebody began before is waited
 * for. Throws `stack_failed` with the first cause when CloudFormation rolled back; a first creation that failed is taken away.
 */
export async function deployStack(stack: AssemblyStack, options: DeployStackOptions): Promise<StackResult> {
  const { access, observer, signal } = options;
  const found = await readyStack(stack.name, options);
  const changes = await createChangeSet(access.cloudFormation, {
    stack: stack.name,
    type: found === undefined ? 'CREATE' : 'UPDATE',
    template: await templateFor(access, stack.name, stack.template, stack.bucket),
    tags: stackTags(stack),
    signal,
  }).catch(async (error: unknown) => {
    if (found === undefined) await removeReview(stack.name, access);
    throw error;
  });
  if (changes === undefined) {
    observer.ended(stack.name, 'unchanged');
    return 'unchanged';
  }
  await checkLosses(stack, changes, found, options);
  const [action, result] =
    found === undefined ? (['create', 'created'] as const) : (['update', 'updated'] as const);
  const followed = await carryOut(stack.name, changes, action, options);
  if (!isGood(followed.status)) {
    const place = { name: stack.name, id: changes.stackId };
    const failure = await stackFailure(access.cloudFormation, place, followed);
    if (action === 'create') await removeAbortive(place, followed.status, options);
    throw failure;
  }
  observer.ended(stack.name, result);
  return result;
}

/** The stack as it can be changed; undefined where it is to be created. */
async function readyStack(name: string, work: StackWork): Promise<FoundStack | undefined> {
  let found = await findStack(work.access.cloudFormation, name);
  if (found && isUnderWay(found.status)) {
    await followOthers(found, work);
    found = await findStack(work.access.cloudFormation, name);
  }
  if (found === undefined || found.status === 'REVIEW_IN_PROGRESS') return undefined;
  if (isAbortive(found.status)) {
    work.observer.said(name, `an earlier creation failed (${found.status}): what it left is deleted first`);
    await deleteStack(found, work);
    return undefined;
  }
  if (!isGood(found.status) && found.status !== 'UPDATE_ROLLBACK_COMPLETE') {
    throw new SluiceError('stack_failed', `the stack ${name} is ${found.status} and cannot be updated`, {
      hint: `aws cloudformation continue-update-rollback --stack-name ${name} goes on with the rollback; sluice destroy deletes the stack`,
    });
  }
  return found;
}

/** Somebody else's operation, or that of a `sluice deploy` that was interrupted. */
async function followOthers(found: FoundStack, work: StackWork): Promise<void> {
  const { access, observer, signal, withinMs } = work;
  observer.begun(found.name, 'follow', found.resources);
  await followStack(access.cloudFormation, {
    stackId: found.id,
    signal,
    withinMs,
    happened: (event) => observer.happened(found.name, event),
  });
}

async function checkLosses(
  { name }: AssemblyStack,
  changes: ChangeSet,
  found: FoundStack | undefined,
  { access, allows }: DeployStackOptions,
): Promise<void> {
  const losses = lossesOf(changes.changes);
  if (losses.length === 0 || (await allows(name, losses))) return;
  await deleteChangeSet(access.cloudFormation, changes);
  if (found === undefined) await removeReview(name, access);
  const list = losses.map(({ action, resource, type }) => `${resource} (${type}, ${action})`).join(', ');
  throw new SluiceError('stack_refused', `the update of ${name} would lose what these hold: ${list}`, {
    hint: 'sluice diff shows it; --yes allows it',
  });
}

const holders = new Set([
  'AWS::DynamoDB::Table',
  'AWS::DynamoDB::GlobalTable',
  'AWS::S3::Bucket',
  'AWS::SQS::Queue',
  'AWS::SecretsManager::Secret',
]);

/** What holds data and would not be there any more, or be another one. */
export function lossesOf(changes: readonly ResourceChange[]): readonly ResourceChange[] {
  return changes.filter(
    ({ action, type, replacement }) =>
      holders.has(type) && (action === 'Remove' || (action === 'Modify' && replacement !== 'False')),
  );
}

/** A stack that exists only because of a change set that nobody carried out. */
async function removeReview(name: string, { cloudFormation }: AccountAccess): Promise<void> {
  const found = await cloudFormation.stack(name);
  if (found?.StackStatus !== 'REVIEW_IN_PROGRESS') return;
  await cloudFormation.call('DeleteStack', (sdk, client, options) =>
    client.send(new sdk.DeleteStackCommand({ StackName: found.StackId }), options),
  );
}

/** A first creation that came to nothing is taken away again. */
async function removeAbortive(
  { name, id }: { readonly name: string; readonly id: string },
  status: string,
  work: StackWork,
): Promise<void> {
  if (!isAbortive(status)) return;
  work.observer.said(name, 'nothing was created: the empty stack is deleted');
  const found = await findStack(work.access.cloudFormation, id);
  if (found) await deleteStack(found, work);
}
