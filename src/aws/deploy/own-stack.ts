import type { Stack } from '@aws-sdk/client-cloudformation';
import { SluiceError } from '../../errors.js';
import type { AssemblyStack } from './assembly.js';
import type { CloudFormation } from './cloud-formation.js';

/** A stack that Sluice has put there. */
export interface FoundStack {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** How many it has. */
  readonly resources: number;
}

/** What marks a stack as one of Sluice's, for those who would change or delete it. */
const MARK = 'sluice:stack';

/** The tags of a stack; CloudFormation gives them to its resources, too. */
export function stackTags({
  name,
  tags,
}: Pick<AssemblyStack, 'name' | 'tags'>): Readonly<Record<string, string>> {
  return { ...tags, [MARK]: name };
}

/**
 * The stack of this name or id. Undefined where there is none. Throws `stack_foreign` where it is somebody else's: then
 * nothing is done to it.
 */
export async function findStack(
  cloudFormation: CloudFormation,
  nameOrId: string,
): Promise<FoundStack | undefined> {
  const stack = await cloudFormation.stack(nameOrId);
  if (stack === undefined || stack.StackStatus === 'DELETE_COMPLETE') return undefined;
  const { StackId: id = '', StackName: name = '', StackStatus: status = '' } = stack;
  if (!isOwn(stack)) {
    throw new SluiceError('stack_foreign', `the stack ${name} is not one that Sluice has put there`, {
      hint: 'give the pipeline another name, or delete that stack if it is nobody’s',
    });
  }
  const outputs = Object.fromEntries(
    (stack.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  );
  return { id, name, status, outputs, resources: (await stackResources(cloudFormation, id)).length };
}

/** A stack in review has no tags yet: nobody has made anything of it. */
function isOwn({ StackStatus: status, Tags: tags = [], StackName: name }: Stack): boolean {
  return status === 'REVIEW_IN_PROGRESS' || tags.some(({ Key, Value }) => Key === MARK && Value === name);
}

export interface StackResource {
  /** Logical. */
  readonly resource: string;
  readonly type: string;
  readonly physicalId: string;
  readonly status: string;
}

/** What the stack has. */
export async function stackResources(
  cloudFormation: CloudFormation,
  id: string,
): Promise<readonly StackResource[]> {
  const found: StackResource[] = [];
  let next: string | undefined;
  do {
    const asked = { StackName: id, ...(next === undefined ? {} : { NextToken: next }) };
    const answer = await cloudFormation.call('ListStackResources', (sdk, client, options) =>
      client.send(new sdk.ListStackResourcesCommand(asked), options),
    );
    for (const one of answer.StackResourceSummaries ?? []) {
      found.push({
        resource: one.LogicalResourceId ?? '',
        type: one.ResourceType ?? '',
        physicalId: one.PhysicalResourceId ?? '',
        status: one.ResourceStatus ?? '',
      });
    }
    next = answer.NextToken;
  } while (next !== undefined);
  return found.filter(({ status }) => status !== 'DELETE_COMPLETE');
}
