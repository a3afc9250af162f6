import type {
  Finding,
  Incoming,
  Sink,
  SinkPlan,
  Source,
  SourceDescription,
  Uniqueness,
} from '../connectors/connector.js';
import type { CopyStep } from '../declare/declaration.js';
import { SluiceError } from '../errors.js';
import type { MaskKey } from '../transform/mask/mask-key.js';
import { type Outline, Transform, type TransformOptions } from '../transform/transform.js';
import type { StepWindow } from './journal.js';
import { resolveShare } from './pace-share.js';
import { personalFindings } from './personal-findings.js';
import { transformOptionsOf } from './transform-options.js';
import { tryFirstRows } from './trial.js';

/** Everything decided about one copy before anything is written. */
export interface CopyPlan {
  /** The step's name; with `tables`, `step.table`. */
  readonly name: string;
  readonly step: CopyStep;
  readonly source: Source;
  readonly sink: Sink;
  readonly description: SourceDescription;
  readonly sinkPlan: SinkPlan;
  readonly transform: Transform;
  /** What `transform` does, to do it again. */
  readonly transformOptions: TransformOptions;
  /** How it is known that no two rows meet in one sink key; absent where rows cannot meet. */
  readonly uniqueness?: Uniqueness;
  readonly findings: readonly Finding[];
  /** Of an incremental copy: what it reads; `source` keeps to it. */
  readonly window?: StepWindow;
}

/** Either a plan, perhaps with refusals among its findings, or the refusals that made a plan impossible. */
export type Planned =
  | CopyPlan
  | { readonly name: string; readonly step: CopyStep; readonly findings: readonly Finding[] };

export function isPlanned(planned: Planned): planned is CopyPlan {
  return 'sinkPlan' in planned;
}

/** What is planned: the ends, and the source's description where its table will only be made by an earlier step. */
export interface PlanRequest {
  readonly name: string;
  readonly step: CopyStep;
  readonly source: Source;
  readonly sink: Sink;
  readonly expected?: SourceDescription;
  readonly window?: StepWindow;
  /** Wherever the step masks. */
  readonly maskKey?: MaskKey;
  /** Take the first rows on the whole way but for the writing. */
  readonly trial: boolean;
  /** Nothing will be written, and single rows only are looked at: that keys are unique need not be proved. */
  readonly unproved?: true;
}

/** Reads schemas, writes nothing. What a server or the declaration refuses becomes a finding. */
export async function planCopy(request: PlanRequest): Promise<Planned> {
  const { name, step, source, sink } = request;
  try {
    const description = request.expected
      ? { ...request.expected, permissions: (await source.neededAhead?.()) ?? [] }
      : await source.describe();
    const transformOptions = await transformOptionsOf(request);
    const outline = new Transform(transformOptions, description.open).outline(description.columns);
    const sinkPlan = await sink.plan(incoming(description, outline));
    const transform = new Transform(transformOptions, description.open, sinkPlan.key);
    const uniqueness = request.unproved
      ? undefined
      : await proveUnique(request, description, outline, sinkPlan);
    const resolved = resolveShare(step.pace, description, sinkPlan);
    const said = [
      ...description.findings,
      ...sinkPlan.findings,
      ...sameTable(description, sinkPlan),
      ...judgeUniqueness(uniqueness, step, sinkPlan),
      ...personalFindings(step, outline.columns),
      ...resolved.findings,
    ];
    const triable = request.trial && !request.expected && said.every(({ level }) => level !== 'refuse');
    const findings = triable ? [...said, ...(await tryFirstRows(source, sink, transform, step))] : said;
    return {
      name,
      step: { ...step, pace: resolved.pace },
      source,
      sink,
      description,
      sinkPlan,
      transform,
      transformOptions,
      findings,
      ...(uniqueness ? { uniqueness } : {}),
      ...(request.window ? { window: request.window } : {}),
    };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return { name, step, findings: [refusalOf(error)] };
  }
}

/** What arrives at the sink. */
export function incoming(
  description: Pick<SourceDescription, 'key' | 'rows' | 'bytes'>,
  outline: Outline,
): Incoming {
  const newName = new Map([...outline.lineage].map(([outgoing, source]) => [source, outgoing]));
  const key = description.key.map((column) => newName.get(column));
  return {
    columns: outline.columns,
    open: outline.open,
    ...(outline.named ? { named: outline.named } : {}),
    key: key.every((column) => column !== undefined) ? key : [],
    ...(description.rows === undefined ? {} : { rows: description.rows }),
    ...(description.bytes === undefined ? {} : { bytes: description.bytes }),
  };
}

/** Undefined where there is no key, or no table yet whose rows could be counted. */
async function proveUnique(
  { source, expected }: PlanRequest,
  description: SourceDescription,
  outline: Outline,
  sinkPlan: SinkPlan,
): Promise<Uniqueness | undefined> {
  if (sinkPlan.key.length === 0) return undefined;
  const columns = sinkPlan.key.map(
    (column) => outline.lineage.get(column) ?? (outline.open ? column : undefined),
  );
  if (!columns.every((column) => column !== undefined)) return 'unknown';
  const held = new Set(columns);
  if (description.key.length > 0 && description.key.every((column) => held.has(column))) return 'index';
  return expected ? undefined : await source.unique(columns);
}

function judgeUniqueness(
  uniqueness: Uniqueness | undefined,
  step: CopyStep,
  sinkPlan: SinkPlan,
): readonly Finding[] {
  if (uniqueness === undefined || uniqueness === 'index' || uniqueness === 'counted') return [];
  if (step.to['duplicates'] === 'last') return [];
  const key = sinkPlan.key.join(', ');
  const message =
    uniqueness === 'unknown'
      ? `nothing proves that the rows differ in the sink's key (${key})`
      : `rows would meet in one sink key: ${uniqueness.duplicates} share their values of (${key}) with another`;
  const hint =
    'name a key that is unique, or write `duplicates: last` under `to` to keep the last row of each key';
  return [{ level: 'refuse', code: 'key_not_unique', message, hint, path: 'to.key' }];
}

/** A refusal, where both ends are the same table. */
export function sameTable(
  description: Pick<SourceDescription, 'identity' | 'name'>,
  sinkPlan: SinkPlan,
): readonly Finding[] {
  if (description.identity !== sinkPlan.identity) return [];
  const message = `source and sink are the same table: ${description.name}`;
  return [
    { level: 'refuse', code: 'same_table', message, hint: 'name another table under `to`', path: 'to' },
  ];
}

/** What was thrown, as a finding of the plan. */
export function refusalOf(error: SluiceError): Finding {
  return {
    level: 'refuse',
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.path === undefined ? {} : { path: error.path }),
  };
}
