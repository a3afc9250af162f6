import type { Declaration } from '../declare/declaration.js';
import type { RejectRecord } from '../engine/rejects.js';
import { SluiceError } from '../errors.js';
import { readRedrives, redriveRecords } from '../flow/redrive.js';
import { openRejects } from '../flow/rejects.js';
import { copySteps } from '../flow/scope.js';
import type { OutstandingRejects } from '../journal/read-rejects.js';
import type { PipelineState } from '../journal/state.js';
import type { StoredCell } from '../values/stored-cell.js';
import { exitStatus } from './exit-status.js';
import type { Io } from './io.js';
import { openSession, openState } from './session.js';
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
  const state = await openState(declaration, io, options.state);
  const filed = await openRejects({ state });
  const found = filterRejects(
    [...filed, ...(await asideRejects(declaration, io, state, filed, options))],
    options,
  );
  if (options.json)
    for (const record of found.flatMap(({ records }) => records)) io.out(JSON.stringify(record));
  else if (options.show)
    for (const record of found.flatMap(({ records }) => records)) io.out(recordText(record));
  else io.out(countsText(found));
  return exitStatus.complete;
}

/** A look at a redrive queue keeps its messages from others for so long, if it is killed. */
const LOOK_SECONDS = 30;

/** What lies on redrive queues and in no reject file. A queue that cannot be read is said, and left out. */
async function asideRejects(
  declaration: Declaration,
  io: Io,
  state: PipelineState,
  filed: readonly OutstandingRejects[],
  { step }: RejectFilter,
): Promise<readonly OutstandingRejects[]> {
  if (!copySteps(declaration.steps).some(({ via }) => via)) return [];
  const { signal } = new AbortController();
  const world = openSession(declaration, io, { state, run: 'rejects', signal });
  const known = new Set(filed.flatMap(({ records }) => records.map(({ token }) => token)));
  try {
    const queues = await readRedrives(world, LOOK_SECONDS, ({ name }) => step === undefined || name === step);
    const found = queues.map((queue) => ({
      run: 'on the redrive queue',
      step: queue.step.name,
      records: redriveRecords(queue).filter(({ token }) => !known.has(token)),
      settled: 0,
    }));
    for (const queue of queues) await queue.close();
    return found;
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    io.err(`the redrive queue could not be read: ${error.message}`);
    return [];
  } finally {
    await world.connections.close();
  }
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

/** Whether a reject has what `--where` asks for. */
export function condition(where: string): (record: RejectRecord) => boolean {
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
    return settled > 0 ? [...open, [step, '(settled since)', count(settled), run]] : open;
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
