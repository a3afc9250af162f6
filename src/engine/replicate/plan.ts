import type { Finding, Sink, SinkPlan } from '../../connectors/connector.js';
import type { Feed, FeedDescription } from '../../connectors/feed.js';
import type { ReplicateStep } from '../../declare/declaration.js';
import { SluiceError } from '../../errors.js';
import type { MaskKey } from '../../transform/mask/mask-key.js';
import { type Outline, Transform } from '../../transform/transform.js';
import type { Change } from '../../values/batch.js';
import { personalFindings } from '../personal-findings.js';
import { incoming, refusalOf, sameTable } from '../plan.js';
import type { ReplayWay } from '../replay.js';
import { transformOptionsOf } from '../transform-options.js';

/** Everything decided about a replicate before anything is written. */
export interface ReplicatePlan {
  readonly name: string;
  readonly step: ReplicateStep;
  readonly feed: Feed;
  readonly sink: Sink;
  readonly description: FeedDescription;
  readonly sinkPlan: SinkPlan;
  readonly transform: Transform;
  /** Rows come as they go to the sink: somebody else has mapped them. */
  readonly isMapped?: true;
  readonly findings: readonly Finding[];
}

/** What of a plan maps changes; it knows no sink. */
export type MappingPlan = Pick<ReplicatePlan, 'name' | 'step' | 'description' | 'transform' | 'isMapped'>;

/** A plan for somebody who only maps: nothing is asked of the sink. Throws what the source or the declaration refuses. */
export async function planMapping({
  step,
  feed,
  maskKey,
}: Omit<ReplicateRequest, 'sink'>): Promise<MappingPlan> {
  const description = await feed.describe();
  const options = await transformOptionsOf({ step, ...(maskKey ? { maskKey } : {}) });
  return { name: step.name, step, description, transform: new Transform(options, description.open) };
}

/** Either a plan, perhaps with refusals among its findings, or the refusals that made a plan impossible. */
export type PlannedReplication =
  | ReplicatePlan
  | { readonly name: string; readonly step: ReplicateStep; readonly findings: readonly Finding[] };

export function isReplicatePlan(planned: PlannedReplication): planned is ReplicatePlan {
  return 'sinkPlan' in planned;
}

export interface ReplicateRequest {
  readonly step: ReplicateStep;
  readonly feed: Feed;
  readonly sink: Sink;
  /** Wherever the step masks. */
  readonly maskKey?: MaskKey;
}

/** Reads schemas, writes nothing. What a server or the declaration refuses becomes a finding. */
export async function planReplicate(request: ReplicateRequest): Promise<PlannedReplication> {
  const { step, feed, sink } = request;
  const { name } = step;
  try {
    const description = await feed.describe();
    const options = await transformOptionsOf(request);
    const outline = new Transform(options, description.open).outline(description.columns);
    const { numbering } = description;
    const sinkPlan = await sink.plan({
      ...incoming(description, outline),
      changes: true,
      ...(numbering === undefined ? {} : { numbering }),
    });
    const transform = new Transform(options, description.open, sinkPlan.key);
    const findings = [
      ...description.findings,
      ...sinkPlan.findings,
      ...sameTable(description, sinkPlan),
      ...keyFindings(step, description, outline, sinkPlan),
      ...personalFindings(step, outline.columns),
    ];
    return { name, step, feed, sink, description, sinkPlan, transform, findings };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return { name, step, findings: [refusalOf(error)] };
  }
}

/** A remove has nothing but the source's key, and of two changes the later one is known by it. */
function keyFindings(
  { to }: ReplicateStep,
  { key }: FeedDescription,
  { lineage, open }: Outline,
  sinkPlan: SinkPlan,
): readonly Finding[] {
  if (to['mode'] !== 'mirror') return [];
  const sources = sinkPlan.key.map((column) => lineage.get(column) ?? (open ? column : undefined));
  const isSame = sources.length === key.length && key.every((column) => sources.includes(column));
  if (isSame) return [];
  return [
    {
      level: 'refuse',
      code: 'key_not_unique',
      message: `a mirror finds its rows by the key of its source (${key.join(', ')}), and the sink's is (${sinkPlan.key.join(', ')})`,
      hint: 'give the sink the same key, and carry its columns as they are',
      path: 'to.key',
    },
  ];
}

/** The plan for whoever is handed rows that somebody else has parsed, checked, mapped and masked by it. */
export async function planOfMapped(plan: ReplicatePlan): Promise<ReplicatePlan> {
  const { parse: _parse, checks: _checks, mask: _mask, row: _row, ...rest } = plan.step;
  const step: ReplicateStep = { ...rest, map: {}, empty: 'keep', nulls: 'keep' };
  const transform = new Transform(await transformOptionsOf({ step }), true, plan.sinkPlan.key);
  return { ...plan, step, transform, isMapped: true };
}

/**
 * The way of a replicate's rejects. Those of the copy before the changes are no changes: they give way to whatever came
 * after.
 */
export function wayOfReplicate({ sink, description, transform }: ReplicatePlan): ReplayWay {
  return {
    sink,
    columns: description.columns,
    transform: (batch) => transform.apply(batch.changes ? batch : { ...batch, changes: [beforeAll()] }),
  };
}

function beforeAll(): Change {
  const at = new Date(0).toISOString();
  return { event: 'insert', sequence: '0', changedAt: at, receivedAt: at };
}
