import type { CopyStep, Declaration } from '../declare/declaration.js';
import { isLastWins } from '../engine/copy-run.js';
import { type CopyPlan, isPlanned } from '../engine/plan.js';
import { keepsPace } from './pacing.js';
import {
  allSteps,
  type NamedPlan,
  type PlannedCopyStep,
  type PlannedStep,
  type PreparedCopy,
} from './plan.js';
import { TABLES_AT_ONCE } from './plan-export.js';

/** How many connections to a database the functions of a pipeline have open at once, at most. */
export interface ConnectionCount {
  readonly connection: string;
  readonly most: number;
  /** So many for each shard of a stream, and nobody knows how many shards there are. */
  readonly perShard?: true;
  /** What it is the sum or product of: `orders-out: 4 functions with a reader each`. */
  readonly terms: readonly string[];
}

type Counts = ReadonlyMap<string, Pick<ConnectionCount, 'most' | 'perShard' | 'terms'>>;

/** Of all connections to databases, by name. What was refused counts nothing. */
export function deployedConnections(
  { connections }: Pick<Declaration, 'connections'>,
  planned: readonly PlannedStep[],
): readonly ConnectionCount[] {
  const isDatabase = (name: string) => connections[name]?.kind === 'mysql';
  const all = allSteps(planned);
  return [...peakOf(planned, all)]
    .filter(([connection]) => isDatabase(connection))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([connection, count]) => ({ connection, ...count }));
}

/** Steps in series take their turn. */
function peakOf(steps: readonly PlannedStep[], all: readonly PlannedStep[]): Counts {
  const peak = new Map<string, Pick<ConnectionCount, 'most' | 'perShard' | 'terms'>>();
  for (const counts of steps.flatMap((step) => [peakOfStep(step, all), peakOf(step.onFailure, all)])) {
    for (const [connection, count] of counts) {
      if (count.most > (peak.get(connection)?.most ?? 0)) peak.set(connection, count);
    }
  }
  return peak;
}

function peakOfStep(step: PlannedStep, all: readonly PlannedStep[]): Counts {
  if (step.kind !== 'parallel') return countsOf(step, all);
  const branches = step.branches.map((branch) => peakOf(branch, all));
  return sumOf(branches, step.step.limit ?? branches.length);
}

/** Branches add up: the greatest of them, where only some run at once. */
function sumOf(branches: readonly Counts[], limit: number): Counts {
  const names = new Set(branches.flatMap((branch) => [...branch.keys()]));
  return new Map(
    [...names].map((name) => {
      const each = branches.flatMap((branch) => branch.get(name) ?? []);
      const greatest = each.sort((one, other) => other.most - one.most).slice(0, limit);
      return [
        name,
        {
          most: greatest.reduce((sum, { most }) => sum + most, 0),
          terms: greatest.flatMap(({ terms }) => terms),
          ...(greatest.some(({ perShard }) => perShard) ? { perShard: true as const } : {}),
        },
      ];
    }),
  );
}

const LOADS = 'a writer and a look into its ledger';
/** Behind a delivery stream: the fewest that a mapping of a queue allows, and a sweep. */
const LOADERS = 3;

type Term = readonly [connection: string, most: number, how: string];

function countsOf(planned: NamedPlan, all: readonly PlannedStep[]): Counts {
  const counts = new Map<string, { most: number; perShard?: true; terms: string[] }>();
  for (const [connection, most, how] of termsOf(planned, all)) {
    const count = counts.get(connection) ?? { most: 0, terms: [] };
    counts.set(connection, count);
    count.most += most;
    count.terms.push(`${planned.step.name}: ${how}`);
    if (planned.kind === 'replicate' && !planned.step.via) count.perShard = true;
  }
  return counts;
}

function termsOf(planned: NamedPlan, all: readonly PlannedStep[]): readonly Term[] {
  switch (planned.kind) {
    case 'copy':
      return copyTerms(planned);
    case 'replicate': {
      const { from, via, to } = planned.step;
      if (via) return [[to.connection, 2 * LOADERS, `${LOADERS} functions that load, each ${LOADS}`]];
      return [from, to].map(({ connection }) => [connection, 2, LOADS]);
    }
    case 'export': {
      const { count } = planned.step;
      return count ? [[count.connection, TABLES_AT_ONCE, `asks for ${TABLES_AT_ONCE} tables at once`]] : [];
    }
    default:
      return planned.step.kind === 'verify' ? verifyTerms(planned.step.of, all) : [];
  }
}

/** What one copy of a step has open, in all functions that are at it together. */
interface Share {
  readonly readers: number;
  readonly writers: number;
  /** Of a sink that is changed as a whole. */
  readonly locks: number;
  /** Whether one function does it all. */
  readonly alone: boolean;
}

/** `MaxConcurrency` is `parallel`, whatever the copies of a step are: with `tables` each may be at work by one function. */
function copyTerms({ step, copies }: PlannedCopyStep): readonly Term[] {
  const shares = copies.flatMap(({ planned }) => (isPlanned(planned) ? [shareOf(planned)] : []));
  if (shares.length === 0) return [];
  const together = Math.min(step.parallel, shares.length);
  const most = (count: (share: Share) => number) =>
    shares
      .map(count)
      .sort((one, other) => other - one)
      .slice(0, together)
      .reduce((sum, each) => sum + each, 0);
  const [readers, writers, locks] = [
    most((share) => share.readers),
    most((share) => share.writers),
    most((share) => share.locks),
  ];
  const where = whereOf(step, shares, together);
  if (step.via) return viaTerms(step, readers, where);
  const keys = keyList(step);
  return [
    [step.from.connection, readers, `${counted(readers, 'reader')} in ${where}`],
    [
      step.to.connection,
      writers + locks,
      `${counted(writers, 'writer')}${locks === 0 ? '' : ` and ${counted(locks, 'lock')}`} in ${where}`,
    ],
    ...(keys === undefined ? [] : [[keys, step.parallel, 'reads the list of keys'] as const]),
  ];
}

/** Behind a queue others write: two functions at least, which share `parallel` (aws/receiver-settings.ts). */
function viaTerms(step: CopyStep, readers: number, where: string): readonly Term[] {
  const writers = Math.max(FEWEST_RECEIVERS, step.parallel);
  const keys = keyList(step);
  return [
    [step.from.connection, readers, `${counted(readers, 'reader')} in ${where}`],
    [step.to.connection, writers, `${counted(writers, 'writer')} in functions that receive`],
    ...(keys === undefined ? [] : [[keys, step.parallel, 'reads the list of keys'] as const]),
  ];
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html#events-sqs-max-concurrency */
const FEWEST_RECEIVERS = 2;

function whereOf({ parallel }: CopyStep, shares: readonly Share[], together: number): string {
  if (shares.every(({ alone }) => alone)) return counted(together, 'function');
  return parallel === 1 ? '1 function' : `at most ${parallel} functions`;
}

/** As flow/apart shares a copy out: a function for each part, and the writers among them. */
export function shareOf(plan: CopyPlan): Share {
  const { step, sinkPlan } = plan;
  const parts = hasOnePart(plan) ? 1 : step.parallel;
  const isWhole = sinkPlan.processes === 'one by one';
  const alone = isWhole || keepsPace(step) || parts === 1;
  const most = Math.min(step.parallel, sinkPlan.maxWriters);
  // With fewer parts each function has more writers; together they never are more than `parallel`.
  return { readers: parts, writers: alone ? most : step.parallel, locks: isWhole ? 1 : 0, alone };
}

function hasOnePart(plan: CopyPlan): boolean {
  const { query, consistency } = plan.step.from as {
    readonly query?: unknown;
    readonly consistency?: unknown;
  };
  return isLastWins(plan) || typeof query === 'string' || consistency === 'snapshot';
}

function keyList({ from }: CopyStep): string | undefined {
  const { keys } = from;
  const isList = typeof keys === 'object' && keys !== null && 'connection' in keys;
  return isList ? String(keys.connection) : undefined;
}

/** Parts summed up side by side by both servers, whatever `parallel` is (engine/verify/equal-parts). */
const SUMS = 2;

/** One copy after the other, in one function: each side is read by as many as copied it. */
function verifyTerms(of: readonly string[], all: readonly PlannedStep[]): readonly Term[] {
  const compared = all.flatMap((each) => (each.kind === 'copy' && of.includes(each.step.name) ? [each] : []));
  const most = new Map<string, number>();
  for (const { step, copies } of compared) {
    const ready = copies.some(({ planned }: PreparedCopy) => isPlanned(planned));
    const readers = ready ? Math.max(SUMS, step.parallel) : 0;
    const here = new Map<string, number>();
    for (const { connection } of [step.from, step.to]) {
      here.set(connection, (here.get(connection) ?? 0) + readers);
    }
    for (const [connection, count] of here) {
      most.set(connection, Math.max(most.get(connection) ?? 0, count));
    }
  }
  return [...most].map(([connection, count]) => [
    connection,
    count,
    `${counted(count, 'reader')} in 1 function`,
  ]);
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
