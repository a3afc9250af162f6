import type { Context, Finding } from '../connectors/connector.js';
import { bufferingOf, deliveryStreamName } from '../connectors/delivery-stream-options.js';
import type { FeedDescription } from '../connectors/feed.js';
import type { ReplicateStep } from '../declare/declaration.js';
import { forecast } from '../engine/forecast.js';
import { isPlanned, refusalOf } from '../engine/plan.js';
import { isReplicatePlan, type PlannedReplication, planReplicate } from '../engine/replicate/plan.js';
import { SluiceError } from '../errors.js';
import { maskKeyOf } from './mask-key.js';
import type { Standing } from './places.js';
import { type PreparedCopy, prepareCopy } from './plan.js';
import { copyOf, firstCopyOf } from './replicate-copy.js';
import { openScope, type Scope, type World } from './scope.js';
import { fileStateFindings } from './state-findings.js';

export interface PreparedReplicate {
  readonly name: string;
  readonly step: ReplicateStep;
  readonly scope: Scope;
  readonly planned: PlannedReplication;
  /** Absent where it begins anew. */
  readonly standing?: Standing;
}

/** Plans a replicate, and the copy before it where that is still to be done. */
export async function planReplicateStep(
  world: World,
  step: ReplicateStep,
): Promise<{ readonly replicate: PreparedReplicate; readonly copies: readonly PreparedCopy[] }> {
  const replicate = await prepareReplicate(world, step);
  const isDue = step.first === 'copy' && (!replicate.standing || replicate.standing.due === 'copy');
  if (!isDue) return { replicate, copies: [] };
  const copy = await prepareCopy(world, firstCopyOf(step), { trial: true });
  return { replicate, copies: [withForecast(copy, replicate.planned)] };
}

/** Called again for each attempt after the first. */
export async function prepareReplicate(
  world: World,
  step: ReplicateStep,
  options: Pick<Context, 'replay' | 'handed'> = {},
): Promise<PreparedReplicate> {
  const { name } = step;
  const scope = openScope(world, copyOf(step), name, options);
  const stop = () => scope.abort(world.signal.reason);
  world.signal.addEventListener('abort', stop, { once: true });
  try {
    const standing = await world.places?.(name);
    const planned = await openAndPlan(world, step, scope);
    const findings = [
      ...planned.findings,
      ...standingFindings(step, planned, standing),
      ...(options.handed ? [] : deliveryFindings(world, step)),
      ...fileStateFindings(world, step.to),
    ];
    return { name, step, scope, planned: { ...planned, findings }, ...(standing ? { standing } : {}) };
  } catch (error) {
    world.signal.throwIfAborted();
    if (!(error instanceof SluiceError)) throw error;
    return { name, step, scope, planned: { name, step, findings: [refusalOf(error)] } };
  } finally {
    world.signal.removeEventListener('abort', stop);
  }
}

async function openAndPlan(world: World, step: ReplicateStep, scope: Scope): Promise<PlannedReplication> {
  const from = await world.connections.get(step.from.connection);
  const to = await world.connections.get(step.to.connection);
  if (!from.feed) throw new Error('the declaration takes connections with a feed only');
  return await planReplicate({
    step,
    feed: from.feed(step.from, scope.context),
    sink: to.sink(step.to, scope.sinkContext),
    ...(step.mask ? { maskKey: maskKeyOf(world) } : {}),
  });
}

function standingFindings(
  step: ReplicateStep,
  planned: PlannedReplication,
  standing: Standing | undefined,
): readonly Finding[] {
  if (!isReplicatePlan(planned)) return [];
  if (!standing) return [note(beginText(step, planned.description))];
  if (standing.of !== planned.description.identity) {
    return [
      {
        level: 'refuse',
        code: 'run_changed',
        message: `where it stands is a place of another stream than that of ${planned.description.name}`,
        hint: 'begin anew with --fresh (with `first: copy` for a mirror), or give the step another name',
      },
    ];
  }
  if (standing.from === 'an earlier run' && standing.open > 0 && planned.sinkPlan.appends) {
    return [
      {
        level: 'refuse',
        code: 'not_resumable',
        message: 'the run before has ended in the middle of a load: it may be in the sink or not',
        hint: 'see what the sink holds, then begin anew with --fresh',
      },
    ];
  }
  return [note('begins where the run before has come to')];
}

function beginText({ first, changes }: ReplicateStep, { retentionSeconds }: FeedDescription): string {
  const hours = Math.round(retentionSeconds / 3600);
  if (first === 'copy') return 'begins with a copy of the table, then its changes since the copy began';
  return changes === 'oldest'
    ? `begins with the oldest change that is kept (of the last ${hours} hours)`
    : 'begins with the changes from now on';
}

/** What is declared for the deployed pipeline alone. */
function deliveryFindings({ declaration }: World, { name, via }: ReplicateStep): readonly Finding[] {
  const options = via && declaration.connections[via.connection];
  if (!options) return [];
  const { seconds, mib } = bufferingOf(options);
  const stream = deliveryStreamName(declaration.pipeline, name);
  return [
    {
      ...note(
        `on this machine changes go from their stream to the sink directly; deployed, the delivery stream ${stream} gathers them for ${seconds} s or until there are ${mib} MiB, and objects of a bucket are loaded`,
      ),
      path: 'via',
    },
  ];
}

function note(message: string): Finding {
  return { level: 'note', code: 'note', message };
}

/** The changes since the copy began must still be there when it is done. */
function withForecast(copy: PreparedCopy, replicate: PlannedReplication): PreparedCopy {
  const { planned } = copy;
  if (!isPlanned(planned) || !isReplicatePlan(replicate)) return copy;
  const { retentionSeconds } = replicate.description;
  const { seconds = 0, boundBy } = forecast(planned);
  if (seconds < retentionSeconds / 2) return copy;
  const hours = (time: number) => `${Math.round(time / 3600)} hours`;
  const finding: Finding = {
    level: seconds < retentionSeconds ? 'warn' : 'refuse',
    code: 'changes_lost',
    message: `the copy will take at least ${hours(seconds)} (${boundBy}), and changes are kept for ${hours(retentionSeconds)}`,
    hint: 'let it go faster: a higher pace, or more capacity',
  };
  return { ...copy, planned: { ...planned, findings: [...planned.findings, finding] } };
}
