import type { ComparableRow, Comparison, Difference } from '../../connectors/comparison.js';
import type { FoundRow, KeyValues, Refused } from '../../connectors/connector.js';
import { type Change, type Explained, explainRow } from '../../transform/explain.js';
import type { Batch } from '../../values/batch.js';
import type { Column } from '../../values/column.js';
import type { CopyPlan } from '../plan.js';
import { keyCellOf, keyValues, type WrittenKey } from './key.js';

/**
 * equal: the sink holds what a copy would write now. changed, missing, extra: it does not (as in `verify`). refused: a
 * copy would refuse the row. left_out: the copy does not take the row, and the sink lacks it. unknown: nothing tells
 * which row of the sink it is. nowhere: neither side has it. skipped: they differ, and no run has made the copy yet.
 */
export type TraceOutcome =
  | 'equal'
  | 'changed'
  | 'missing'
  | 'extra'
  | 'refused'
  | 'left_out'
  | 'unknown'
  | 'nowhere'
  | 'skipped';

export type Reason = Omit<Refused, 'row'>;

/** One row on both sides of one copy, and on its way between them. */
export interface Trace {
  readonly outcome: TraceOutcome;
  /** As it was asked for, in the source's columns. */
  readonly asked: KeyValues;
  readonly source?: FoundRow;
  readonly changes: readonly Change[];
  /** Why a copy would refuse the row. */
  readonly refused?: Reason;
  /** The row's key in the sink by column; absent where it is not known. */
  readonly sinkKey?: Readonly<Record<string, string>>;
  /** What the sink would hold and what it holds, as the comparison spells them. */
  readonly expected?: Readonly<Record<string, string>>;
  readonly actual?: Readonly<Record<string, string>>;
  readonly differences: readonly Difference[];
}

/** The key that was written, in columns of the source: its own key's, or else those that make the sink's key. */
export function fitKey(
  { description, sinkPlan, transform }: CopyPlan,
  key: WrittenKey,
): KeyValues | undefined {
  const columnOf = (name: string): Column =>
    description.columns.find((column) => column.name === name) ?? { name, type: 'attribute', nullable: true };
  const own = description.key.length > 0 ? keyValues(key, description.key.map(columnOf)) : undefined;
  if (own) return own;
  const { lineage } = transform.outline(description.columns);
  const incoming = sinkPlan.key.map((name) => lineage.get(name));
  if (incoming.length === 0 || !incoming.every((name) => name !== undefined)) return undefined;
  const named = sinkPlan.key.map((name, index) => ({ ...columnOf(incoming[index] ?? ''), name }));
  const values = keyValues(key, named);
  return (
    values && Object.fromEntries(sinkPlan.key.map((name, index) => [incoming[index], values[name] ?? '']))
  );
}

/** How often both sides are looked at before they are called different: the row may be on its way just now. */
const MAX_LOOKS = 2;

/** Looks at one row on both sides as they are now. Without a comparison the sink's table is not there yet. */
export async function traceRow(
  plan: CopyPlan,
  comparison: Comparison | undefined,
  asked: KeyValues,
): Promise<Trace> {
  for (let look = 1; ; look++) {
    const trace = await lookOnce(plan, comparison, asked);
    if (look >= MAX_LOOKS || !['changed', 'missing', 'extra'].includes(trace.outcome)) return trace;
  }
}

async function lookOnce(
  plan: CopyPlan,
  comparison: Comparison | undefined,
  asked: KeyValues,
): Promise<Trace> {
  const source = await plan.source.find(asked);
  const { open } = plan.description;
  const explained = source && explainRow(plan.transformOptions, open, plan.sinkPlan.key, source.batch);
  const planned = expectation(comparison, explained);
  const key = planned.row?.key ?? planned.key ?? keyInSink(plan, comparison, source?.batch, asked);
  const asks = key !== undefined && comparison?.keyed === true;
  const there = asks ? (await comparison.fetch([key])).get(key) : undefined;
  const row = source?.leftOut === undefined ? planned.row : undefined;
  const differences = row && there && comparison ? comparison.differences(row, there) : [];
  const isKnown = !comparison || (comparison.keyed && key !== undefined);
  const sides = { source, row, there, refused: planned.refused, differs: differences.length > 0, isKnown };
  return {
    outcome: outcomeOf(sides),
    asked,
    ...(source ? { source } : {}),
    changes: explained?.changes ?? [],
    ...(planned.refused ? { refused: planned.refused } : {}),
    ...(asks ? { sinkKey: comparison.keyValues(key) } : {}),
    ...(planned.row && comparison ? { expected: comparison.contentValues(planned.row) } : {}),
    ...(there && comparison ? { actual: comparison.contentValues(there) } : {}),
    differences,
  };
}

interface Sides {
  readonly source: FoundRow | undefined;
  /** What the sink should hold; absent for nothing. */
  readonly row: ComparableRow | undefined;
  readonly there: ComparableRow | undefined;
  readonly refused: Reason | undefined;
  readonly differs: boolean;
  /** Whether the sink could be asked. */
  readonly isKnown: boolean;
}

function outcomeOf({ source, row, there, refused, differs, isKnown }: Sides): TraceOutcome {
  if (!source) return there ? 'extra' : 'nowhere';
  if (source.leftOut !== undefined) return there ? 'extra' : 'left_out';
  if (refused) return 'refused';
  if (!isKnown) return 'unknown';
  if (!row || !there) return 'missing';
  return differs ? 'changed' : 'equal';
}

/** What a copy would make of the row: a row of the sink, or a reject, of which the key may be known all the same. */
function expectation(
  comparison: Comparison | undefined,
  explained: Explained | undefined,
): { readonly row?: ComparableRow; readonly key?: string; readonly refused?: Reason } {
  if (!explained) return {};
  if (explained.outcome.kind === 'refused') {
    const { code, message, column } = explained.outcome.refusal;
    return { refused: { code, message, ...(column === undefined ? {} : { column }) } };
  }
  const [expected] = comparison?.expected(explained.outcome.batch) ?? [];
  if (!expected) return {};
  if (!('refused' in expected)) return { row: expected };
  const { row: _row, ...refused } = expected.refused;
  return { refused, ...(expected.key === undefined ? {} : { key: expected.key }) };
}

/** The sink's key of a row of which only the key is known; undefined where it is made of other columns. */
function keyInSink(
  plan: CopyPlan,
  comparison: Comparison | undefined,
  found: Batch | undefined,
  asked: KeyValues,
): string | undefined {
  const { description, transformOptions, sinkPlan } = plan;
  const { row: _row, ...options } = transformOptions;
  const columns = found?.columns ?? description.columns;
  const cells = columns.map((column, index) => {
    if (found && description.key.includes(column.name)) return found.rows.at(0)?.[index];
    const value = asked[column.name];
    return value === undefined ? (description.open ? undefined : null) : keyCellOf(column, value);
  });
  const explained = explainRow(options, description.open, sinkPlan.key, { columns, rows: [cells], bytes: 0 });
  const { row, key } = expectation(comparison, explained);
  return row?.key ?? key;
}
