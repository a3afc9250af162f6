import pc from 'picocolors';
import type { KeyValues } from '../connectors/connector.js';
import type { Trace, TraceOutcome } from '../engine/trace/trace.js';
import type { CopyTrace, TracedRun, UntracedCopy } from '../flow/trace.js';
import type { ToldReject } from '../journal/read-rejects.js';
import type { Change, ShownCell } from '../transform/explain.js';
import { storedCell, storedRow } from '../values/stored-cell.js';
import { printable } from './printable.js';
import { table } from './text.js';

const verdicts: Readonly<Record<TraceOutcome, string>> = {
  equal: 'equal: the sink holds what a copy would write now',
  changed: 'different: the sink holds something else',
  missing: 'missing: the sink lacks the row',
  extra: 'extra: the sink has a row that a copy would not bring',
  refused: 'refused: a copy would reject the row',
  left_out: 'left out: the copy does not take the row, and the sink lacks it',
  unknown: 'not known: nothing tells which row of the sink it is',
  nowhere: 'neither side has the row',
  skipped: 'skipped: no run has made this copy yet, so that both sides may differ',
};

/** Of what is rightly not the same, too. */
export const agrees: ReadonlySet<TraceOutcome> = new Set(['equal', 'left_out', 'skipped']);

const followsText =
  'a mirror of changes: those since its last run are still to come, and which of them brought a row is not told';

/** One copy's trace, for people. Values are on the screen only (invariant 8). */
export function traceText(copy: CopyTrace, color: boolean): string {
  const { bold, green, red } = pc.createColors(color);
  const { trace } = copy;
  const paint = agrees.has(trace.outcome) ? green : red;
  const columns = trace.differences.map(({ column }) => printable(column)).join(', ');
  const where = columns === '' ? '' : `, in ${columns}`;
  return [
    `${bold(copy.name)}  ${copy.plan.description.name} → ${copy.plan.sinkPlan.name}`,
    `  ${paint(verdicts[trace.outcome] + where)}`,
    ...(copy.skipped ? [`  ${skippedText(copy.skipped)}`] : []),
    ...(copy.follows ? [`  ${followsText}`] : []),
    ...section('in the source', sourceLines(copy)),
    ...section('on its way', wayLines(trace)),
    ...section(`in the sink (${copy.rule})`, sinkLines(trace)),
    ...section('rejects', copy.rejects.flatMap(rejectLines)),
    ...section('runs', runLines(copy.runs)),
  ].join('\n');
}

function skippedText({ when, always }: NonNullable<CopyTrace['skipped']>): string {
  return `${always ? 'every run' : 'the newest run'} has skipped it: its condition was false: ${when}`;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`  ${title}`, ...lines.map((line) => `    ${line}`)];
}

function sourceLines({ trace, plan }: CopyTrace): string[] {
  const { source } = trace;
  if (!source) return ['no row has this key'];
  const { columns, rows } = source.batch;
  const cells = columns.flatMap((column, index) => {
    const cell = rows.at(0)?.[index];
    const name = plan.description.key.includes(column.name) ? `${column.name} (key)` : column.name;
    return cell === undefined ? [] : [[printable(name), typeOf(column), cellText({ column, cell })]];
  });
  const said = [source.leftOut, source.note].filter((text) => text !== undefined);
  return [...untitled(cells), ...said.map((text) => `note: ${text}`)];
}

function typeOf({ native, type }: ShownCell['column']): string {
  return native === undefined || type === 'attribute' ? type : native;
}

/** Text in quotes, numbers and times as they are, documents as their attribute values. */
function cellText(shown: ShownCell | undefined): string {
  if (!shown || shown.cell === undefined) return 'absent';
  const { cell, column } = shown;
  if (cell === null) return 'NULL';
  if (typeof cell === 'boolean') return String(cell);
  if (cell instanceof Uint8Array) return printable(`0x${Buffer.from(cell).toString('hex')}`);
  if (typeof cell !== 'string') return printable(JSON.stringify(cell));
  return column.type === 'text' || column.type === 'json' ? `'${printable(cell)}'` : printable(cell);
}

function wayLines({ source, changes, refused }: Trace): string[] {
  if (!source) return [];
  const rows = changes.map((change) => [
    printable(change.column),
    changeText(change),
    printable(change.reason),
  ]);
  const lines = rows.length === 0 ? ['nothing changes it'] : untitled(rows);
  if (refused) lines.push(`refused: ${refused.code}${columnText(refused.column)}  ${refused.message}`);
  return lines;
}

function changeText({ before, after, reason }: Change): string {
  const [from, to] = [cellText(before), cellText(after)];
  return reason.startsWith('renamed') && from === to ? to : `${from} → ${to}`;
}

function columnText(column: string | undefined): string {
  return column === undefined ? '' : ` (${printable(column)})`;
}

function sinkLines({ sinkKey, expected, actual, differences }: Trace): string[] {
  const names = [...new Set([...Object.keys(expected ?? {}), ...Object.keys(actual ?? {})])];
  const differing = new Set(differences.map(({ column }) => column));
  const cellOf = (side: Readonly<Record<string, string>> | undefined, name: string) =>
    side && Object.hasOwn(side, name) ? printable(side[name] ?? '') : side ? 'absent' : '';
  const rows = names.map((name) => [
    printable(name),
    expected ? cellOf(expected, name) : '',
    cellOf(actual, name),
    differing.has(name) ? 'differs' : '',
  ]);
  const key = Object.entries(sinkKey ?? {}).map(([name, value]) => `${printable(name)}=${printable(value)}`);
  const head = key.length === 0 ? [] : [`key ${key.join(', ')}`];
  const there = actual ? [] : ['it holds no such row'];
  const cells = rows.length === 0 ? [] : table(['column', 'would hold', 'holds now', ''], rows);
  return [...head, ...cells, ...(sinkKey ? there : ['its key there is not known'])];
}

function rejectLines({ record, settled }: ToldReject): string[] {
  const { reason, column, message, run, attempts, at } = record;
  const tried = attempts === 1 ? 'refused once' : `refused ${attempts} times`;
  const state = settled ? `replayed ${settled.at}: ${settled.settled}` : 'not replayed';
  return [`${reason}${columnText(column)}  ${message}`, `  run ${run}, ${tried}, last ${at}, ${state}`];
}

function runLines(runs: readonly TracedRun[]): string[] {
  if (runs.length === 0) return [];
  const rows = runs.map((run) => [
    run.run,
    run.end ?? 'killed or under way',
    run.complete ? 'complete' : run.skipped ? 'skipped' : 'not complete',
    run.started,
    run.ended ?? '',
    batchText(run),
  ]);
  return table(['run', 'outcome', 'this copy', 'began', 'ended', 'batch'], rows);
}

function batchText({ batch, notReached }: TracedRun): string {
  if (notReached) return 'did not come so far';
  if (!batch) return '';
  const recorded = batch.recordedAt === undefined ? '' : `, in the ledger since ${batch.recordedAt}`;
  return `${batch.token}${batch.committed ? '' : ', not committed'}${recorded}`;
}

function untitled(rows: readonly (readonly string[])[]): string[] {
  const width = Math.max(0, ...rows.map((row) => row.length));
  return table(
    Array.from({ length: width }, () => ''),
    rows,
  ).slice(1);
}

/** One copy's trace, for programs. */
export function traceEvent(traced: CopyTrace): object {
  const { name, plan, follows, skipped, rule, trace, rejects, runs } = traced;
  const { outcome, asked, source, sinkKey, expected, actual, differences, refused } = trace;
  return {
    event: 'trace',
    step: name,
    ...(follows ? { follows } : {}),
    outcome,
    ...(skipped ? { skipped } : {}),
    key: keyOf(asked),
    source: {
      name: plan.description.name,
      found: source !== undefined,
      ...(source ? { row: storedRow(source.batch.rows.at(0) ?? [], source.batch.columns) } : {}),
      ...(source?.leftOut === undefined ? {} : { leftOut: source.leftOut }),
      ...(source?.note === undefined ? {} : { note: source.note }),
    },
    changes: trace.changes.map(changeEvent),
    ...(refused ? { refused } : {}),
    sink: { name: plan.sinkPlan.name, rule, key: sinkKey, found: actual !== undefined, expected, actual },
    differences,
    rejects: rejects.map(({ record, settled }) => ({ ...record, ...(settled ? { settled } : {}) })),
    runs,
  };
}

function keyOf(asked: KeyValues): object {
  const values = Object.entries(asked).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : { base64: Buffer.from(value).toString('base64') },
  ]);
  return Object.fromEntries(values);
}

function changeEvent({ stage, column, before, after, reason }: Change): object {
  const stored = (shown: ShownCell | undefined) =>
    shown?.cell === undefined ? undefined : storedCell(shown.cell, shown.column.type);
  return { stage, column, before: stored(before), after: stored(after), reason };
}

/** A copy that has no such key, or could not be looked at. */
export function untracedText({ name, error }: UntracedCopy): string {
  return `${name}: not traced: ${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`;
}
