import type { Declaration } from '../declare/declaration.js';
import type { RejectRecord } from '../engine/rejects.js';
import { SluiceError } from '../errors.js';
import { openRejects } from '../flow/rejects.js';
import type { OutstandingRejects } from '../journal/reject-folder.js';
import type { StoredCell } from '../values/stored-cell.js';
import { exitStatus } from './exit-status.js';
import type { Io } from './io.js';
import { stateOf } from './session.js';
import { count, table } from './text.js';

export interface RejectFilter {
  readonly step?: string | undefined;
  readonly where?: string | undefined;
}

export interface RejectsOptions extends RejectFilter {
  readonly show?: boolean | undefined;
  readonly state?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `sluice rejects`: counts by step and reason, or each reject. Gives the exit status. */
export async function listRejects(
  declaration: Declaration,
  io: Io,
  options: RejectsOptions,
): Promise<number> {
  const state = stateOf(declaration, io, options.state);
  const found = filterRejects(await openRejects({ declaration, state }), options);
  if (options.json)
    for (const record of found.flatMap(({ records }) => records)) io.out(JSON.stringify(record));
  else if (options.show)
    for (const record of found.flatMap(({ records }) => records)) io.out(recordText(record));
  else io.out(countsText(found));
  return exitStatus.complete;
}

/** Those of the step and with the value that `--where` asks for. Throws `usage` for a field that rejects lack. */
export function filterRejects<T extends OutstandingRejects>(
  found: readonly T[],
  { step, where }: RejectFilter,
): readonly T[] {
  const matches = where === undefined ? () => true : condition(where);
  return found
    .filter((rejects) => step === undefined || rejects.step === step || rejects.step.startsWith(`${step}.`))
    .map((rejects) => ({ ...rejects, records: rejects.records.filter(matches) }));
}

function condition(where: string): (record: RejectRecord) => boolean {
  const [, field, value] = /^(reason|column|run|step)=(.*)$/s.exec(where) ?? [];
  if (field === undefined) {
    throw new SluiceError('usage', '--where takes reason=…, column=…, step=… or run=…', {
      hint: 'as in --where reason=value_range',
    });
  }
  return (record) => record[field as 'reason' | 'column' | 'run' | 'step'] === value;
}

function countsText(found: readonly OutstandingRejects[]): string {
  const rows = found.flatMap(({ step, run, records, settled }) => {
    const reasons = new Map<string, number>();
    for (const { reason } of records) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    const open = [...reasons].map(([reason, rejects]) => [step, reason, count(rejects), run]);
    return settled > 0 ? [...open, [step, '(settled by replay)', count(settled), run]] : open;
  });
  if (rows.length === 0) return 'no rejects';
  return table(['step', 'reason', 'rows', 'run'], rows, new Set([2])).join('\n');
}

function recordText(record: RejectRecord): string {
  const { step, reason, message, column, key, row, run, attempts, at } = record;
  const head = `${step}  ${reason}${column === undefined ? '' : ` (${column})`}  ${message}`;
  const tried = `  run ${run}, ${attempts === 1 ? 'refused once' : `refused ${attempts} times`}, last ${at}`;
  return [head, `  key ${cellsText(key)}`, `  row ${cellsText(row)}`, tried].join('\n');
}

function cellsText(cells: Readonly<Record<string, StoredCell>>): string {
  const plain = Object.entries(cells).map(([name, cell]) => [name, plainCell(cell)] as const);
  return JSON.stringify(Object.fromEntries(plain));
}

function plainCell(cell: StoredCell): unknown {
  if (cell === null || typeof cell === 'boolean') return cell;
  if ('text' in cell) return cell.text;
  return 'bytes' in cell ? { base64: cell.bytes } : cell.attribute;
}
