import { SluiceError } from '../../errors.js';
import { carryOut } from './carry-out.js';
import { createChangeSet } from './change-set.js';
import { deleteStack, type StackWork } from './delete-stack.js';
import { type Fate, type Holding, isHolding, withFates } from './deletion-policies.js';
import { deployedTemplate } from './deployed-template.js';
import { emptyBucket } from './empty-bucket.js';
import { type FoundStack, findStack, stackResources, stackTags } from './own-stack.js';
import type { NamedStack } from './pipeline-names.js';
import { isGood, isUnderWay } from './stack-events.js';
import { stackFailure } from './stack-failure.js';
import { templateFor } from './upload-assets.js';

/** A stack that is to be deleted, and what becomes of what holds data in it. */
export interface Doomed {
  readonly stack: NamedStack;
  readonly found: FoundStack;
  readonly holdings: readonly (Holding & { readonly fate: Fate })[];
}

/** Looks at what there is; changes nothing. Undefined where the stack is not there. */
export async function doomedStack(
  stack: NamedStack,
  { access }: Pick<StackWork, 'access'>,
  { keepState, codeBuckets }: { readonly keepState: boolean; readonly codeBuckets: ReadonlySet<string> },
): Promise<Doomed | undefined> {
  const found = await findStack(access.cloudFormation, stack.name);
  if (found === undefined) return undefined;
  const resources = await stackResources(access.cloudFormation, found.id);
  const holdings = resources.filter(isHolding).map(({ resource, type, physicalId }) => {
    const fate: Fate = keepState && !codeBuckets.has(physicalId) ? 'stays' : 'goes';
    return { resource, type, physicalId, fate };
  });
  return { stack, found, holdings };
}

/** What was kept, by its physical name. */
export type Kept = Pick<Holding, 'type' | 'physicalId'>;

/** Buckets are filled as long as a function still runs. */
const MAX_ROUNDS = 3;

/**
 * Deletes a stack with what it holds, but for what is to stay. Nothing that the stack does not have is touched. Throws
 * `stack_failed` with the first cause.
 */
export async function destroyStack(doomed: Doomed, work: StackWork): Promise<readonly Kept[]> {
  const { found, holdings } = doomed;
  if (isUnderWay(found.status)) {
    throw new SluiceError('stack_failed', `the stack ${found.name} is ${found.status}`, {
      hint: 'wait until it is done: sluice deploy follows it',
    });
  }
  if (canUpdate(found.status)) await settleFates(doomed, work);
  const gone = holdings.filter(({ type, fate }) => type === 'AWS::S3::Bucket' && fate === 'goes');
  for (let round = 1; ; round++) {
    for (const { physicalId } of gone) await empty(found.name, physicalId, work);
    try {
      const events = await deleteStack(found, work);
      return events
        .filter(({ status, isOfStack }) => status === 'DELETE_SKIPPED' && !isOfStack)
        .map(({ type, physicalId }) => ({ type, physicalId }));
    } catch (error) {
      const isFilled = error instanceof SluiceError && /not empty/i.test(error.message);
      if (!isFilled || round === MAX_ROUNDS) throw error;
    }
  }
}

async function empty(stack: string, bucket: string, work: StackWork): Promise<void> {
  const objects = await emptyBucket(work.access, bucket, work.signal);
  if (objects > 0) work.observer.said(stack, `${objects} objects of ${bucket} were deleted`);
}

function canUpdate(status: string): boolean {
  return isGood(status) || status === 'UPDATE_ROLLBACK_COMPLETE';
}

/** Brings the deployed template to say what becomes of what holds data. */
async function settleFates({ stack, found, holdings }: Doomed, work: StackWork): Promise<void> {
  const { access, signal } = work;
  const { cloudFormation } = access;
  const deployed = await deployedTemplate(cloudFormation, found.id);
  const template = withFates(deployed, new Map(holdings.map(({ resource, fate }) => [resource, fate])));
  if (template === undefined) return;
  const changes = await createChangeSet(cloudFormation, {
    stack: found.name,
    type: 'UPDATE',
    template: await templateFor(access, found.name, template, stack.bucket),
    tags: stackTags(stack),
    signal,
  });
  if (changes === undefined) return;
  work.observer.said(found.name, 'an update first, which says what becomes of what holds data');
  const followed = await carryOut(found.name, changes, 'update', work);
  if (!isGood(followed.status)) throw await stackFailure(cloudFormation, found, followed);
}
