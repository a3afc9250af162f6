import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Change, DescribeChangeSetOutput } from '@aws-sdk/client-cloudformation';
import { SluiceError } from '../../errors.js';
import type { CloudFormation } from './cloud-formation.js';

/** A change set that can be carried out. */
export interface ChangeSet {
  readonly id: string;
  readonly stackId: string;
  readonly changes: readonly ResourceChange[];
}

/** What would become of one resource. */
export interface ResourceChange {
  readonly action: 'Add' | 'Modify' | 'Remove' | 'Import' | 'Dynamic';
  /** Logical. */
  readonly resource: string;
  readonly type: string;
  readonly physicalId?: string;
  /** Another one takes its place. Conditional: perhaps, known only when it is done. */
  readonly replacement: 'True' | 'False' | 'Conditional';
  /** `Properties`, `Metadata`, `Tags` … */
  readonly scope: readonly string[];
  /** The properties that change; '' for one that is known only when it is done. */
  readonly properties: readonly string[];
}

export interface ChangeSetRequest {
  readonly stack: string;
  readonly type: 'CREATE' | 'UPDATE';
  /** The text itself, or where it is. */
  readonly template: { readonly TemplateBody: string } | { readonly TemplateURL: string };
  readonly tags: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const POLL_MS = 250;
const LONGEST_POLL_MS = 2000;
const MAX_POLLS = 600;

/**
 * Makes a change set. Undefined where the stack is as the template says already. What a template wants to be kept, and is there
 * since an earlier stack was deleted, becomes the stack's again.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
 * Throws `stack_refused` with CloudFormation's reason.
 */
export async function createChangeSet(
  cloudFormation: CloudFormation,
  request: ChangeSetRequest,
): Promise<ChangeSet | undefined> {
  const made = await changeSet(cloudFormation, request, true);
  if (!made?.changes.some(({ action }) => action === 'Import')) return made;
  // The look at names before anything is done would say of what is taken up that its name is taken.
  await deleteChangeSet(cloudFormation, made);
  return await changeSet(cloudFormation, request, false);
}

async function changeSet(
  cloudFormation: CloudFormation,
  { stack, type, template, tags, signal }: ChangeSetRequest,
  validated: boolean,
): Promise<ChangeSet | undefined> {
  const token = randomUUID();
  const { Id: id = '', StackId: stackId = '' } = await cloudFormation.call(
    'CreateChangeSet',
    (sdk, client, options) =>
      client.send(
        new sdk.CreateChangeSetCommand({
          StackName: stack,
          ChangeSetName: `sluice-${token}`,
          ClientToken: token,
          ChangeSetType: type,
          Capabilities: ['CAPABILITY_NAMED_IAM'],
          ImportExistingResources: true,
          DisableValidation: !validated,
          Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
          ...template,
        }),
        options,
      ),
  );
  const made = { id, stackId };
  const { Status: status, StatusReason: reason = '' } = await ready(cloudFormation, made, signal);
  if (status !== 'FAILED') return { ...made, changes: await changesOf(cloudFormation, made) };
  await deleteChangeSet(cloudFormation, made);
  if (/didn't contain changes|No updates are to be performed/.test(reason)) return undefined;
  throw new SluiceError('stack_refused', `CloudFormation refused the change of ${stack}: ${reason}`);
}

/** A change set by its ARN, and the stack that it is of: policies are about stacks. */
type Named = Pick<ChangeSet, 'id' | 'stackId'>;

function named({ id, stackId }: Named) {
  return { ChangeSetName: id, StackName: stackId };
}

/** Waits until it is made, or has failed. */
async function ready(cloudFormation: CloudFormation, made: Named, signal: AbortSignal) {
  let wait = POLL_MS;
  for (let poll = 0; poll < MAX_POLLS; poll++) {
    const answer = await page(cloudFormation, made);
    if (answer.Status === 'CREATE_COMPLETE' || answer.Status === 'FAILED') return answer;
    await sleep(wait, undefined, { signal });
    wait = Math.min(wait * 1.5, LONGEST_POLL_MS);
  }
  throw new SluiceError('timeout', 'CloudFormation did not finish a change set');
}

async function changesOf(cloudFormation: CloudFormation, made: Named): Promise<readonly ResourceChange[]> {
  const changes: ResourceChange[] = [];
  let next: string | undefined;
  do {
    const answer = await page(cloudFormation, made, next);
    changes.push(...(answer.Changes ?? []).flatMap(changeOf));
    next = answer.NextToken;
  } while (next !== undefined);
  return changes;
}

async function page(
  cloudFormation: CloudFormation,
  made: Named,
  next?: string,
): Promise<DescribeChangeSetOutput> {
  return await cloudFormation.call('DescribeChangeSet', (sdk, client, options) =>
    client.send(
      new sdk.DescribeChangeSetCommand({
        ...named(made),
        ...(next === undefined ? {} : { NextToken: next }),
      }),
      options,
    ),
  );
}

function changeOf({ ResourceChange: change }: Change): readonly ResourceChange[] {
  if (!change) return [];
  const { Action, LogicalResourceId, ResourceType, PhysicalResourceId, Replacement, Scope, Details } = change;
  const properties = (Details ?? []).flatMap(({ Target }) =>
    Target?.Attribute === 'Properties' ? [Target.Name ?? ''] : [],
  );
  return [
    {
      action: Action as ResourceChange['action'],
      resource: LogicalResourceId ?? '',
      type: ResourceType ?? '',
      ...(PhysicalResourceId === undefined ? {} : { physicalId: PhysicalResourceId }),
      replacement: Replacement ?? 'False',
      scope: Scope ?? [],
      properties: [...new Set(properties)].toSorted(),
    },
  ];
}

/** Begins to carry it out. The events of what follows have the token that is given. */
export async function executeChangeSet(cloudFormation: CloudFormation, made: Named): Promise<string> {
  const token = randomUUID();
  await cloudFormation.call('ExecuteChangeSet', (sdk, client, options) =>
    client.send(new sdk.ExecuteChangeSetCommand({ ...named(made), ClientRequestToken: token }), options),
  );
  return token;
}

export async function deleteChangeSet(cloudFormation: CloudFormation, made: Named): Promise<void> {
  await cloudFormation.call('DeleteChangeSet', (sdk, client, options) =>
    client.send(new sdk.DeleteChangeSetCommand(named(made)), options),
  );
}
