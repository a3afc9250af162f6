import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, ownMark } from '../../connectors/process-mark.js';
import { SluiceError } from '../../errors.js';
import type { Lease } from '../state.js';
import { machineMark } from './machine.js';
import { Right } from './right.js';
import type { Condition, Item, ItemKey, StateTable } from './state-table.js';

/** How often a holder shows that it lives, and how long nobody must have seen that before another takes its place. */
export interface LeaseTimes {
  readonly beatMs: number;
  readonly deadAfterMs: number;
  /** Between two looks at somebody else's lease. */
  readonly lookMs: number;
}

export const leaseTimes: LeaseTimes = { beatMs: 10_000, deadAfterMs: 60_000, lookMs: 1_000 };

/**
 * A lease as an item of the table. Its holder moves `beat`; another takes it over that has watched it for a minute without
 * seeing it move, so that no two clocks are compared, or that sees on the same machine that the holder's process is gone.
 * The fence rises with each holder and stays when it is given back.
 */
export class TableLease extends Right implements Lease {
  readonly #table: StateTable;
  readonly #heartbeat: NodeJS.Timeout;
  #beat = 0;

  private constructor(
    table: StateTable,
    key: ItemKey,
    holder: { owner: string; fence: number },
    beatMs: number,
  ) {
    super(table, key, holder, locked);
    this.#table = table;
    this.#heartbeat = setInterval(() => {
      // Whoever writes next finds out what was wrong.
      this.inTurn(() => this.#move()).catch(() => undefined);
    }, beatMs);
    this.#heartbeat.unref();
  }

  /** Throws `run_locked` with the run that holds it, once it is seen to live. */
  static async take(
    table: StateTable,
    key: ItemKey,
    times: LeaseTimes,
    signal?: AbortSignal,
  ): Promise<TableLease> {
    const owner = randomBytes(8).toString('hex');
    const mark = await ownMark();
    const machine = await machineMark();
    const mine = {
      host: mark.host,
      pid: mark.pid,
      processStart: mark.processStart ?? '',
      machine: machine ?? '',
    };
    for (;;) {
      const seen = await table.get(key);
      const isFree = seen?.['owner'] === undefined;
      if (seen && !isFree) await watchDeath(table, key, seen, machine, times, signal);
      if (await takeFrom(table, key, seen, { owner, ...mine })) {
        const fence = Number(seen?.['fence'] ?? 0) + 1;
        return new TableLease(table, key, { owner, fence }, times.beatMs);
      }
    }
  }

  async name(run: string): Promise<void> {
    await this.check();
    await this.inTurn(() => this.#table.update(this.key, 'SET #run = :run', this.condition, { ':run': run }));
  }

  async release(): Promise<void> {
    clearInterval(this.#heartbeat);
    await this.inTurn(() => this.#table.update(this.key, 'REMOVE #owner', this.condition, {}));
  }

  async #move(): Promise<void> {
    this.#beat++;
    await this.#table.update(this.key, 'SET #beat = :beat', this.condition, { ':beat': this.#beat });
  }
}

/** The lease as it was last seen, or nobody has taken it meanwhile. True where it is ours now. */
async function takeFrom(
  table: StateTable,
  key: ItemKey,
  seen: Item | undefined,
  mine: { readonly owner: string } & Item,
): Promise<boolean> {
  const fence = Number(seen?.['fence'] ?? 0) + 1;
  const values = Object.fromEntries(Object.entries(mine).map(([name, value]) => [`:${name}`, value]));
  const set = Object.keys(mine).map((name) => `#${name} = :${name}`);
  const update = `SET ${[...set, '#fence = :fence', '#beat = :beat', '#run = :run'].join(', ')}`;
  const all = { ...values, ':fence': fence, ':beat': 0, ':run': '' };
  if (await table.update(key, update, asSeen(seen), all)) return true;
  // The answer to an earlier try may have been lost.
  return (await table.get(key))?.['owner'] === mine.owner;
}

function asSeen(seen: Item | undefined): Condition {
  if (seen === undefined) return { expression: 'attribute_not_exists(pk)' };
  const { owner, beat = 0, fence = 0 } = seen;
  if (owner === undefined)
    return {
      expression: 'attribute_not_exists(#owner) AND #fence = :oldFence',
      values: { ':oldFence': fence },
    };
  return {
    expression: '#owner = :oldOwner AND #beat = :oldBeat',
    values: { ':oldOwner': owner, ':oldBeat': beat },
  };
}

/** Returns once the holder is dead, or is another; throws `run_locked` where it lives. */
async function watchDeath(
  table: StateTable,
  key: ItemKey,
  seen: Item,
  machine: string | undefined,
  { deadAfterMs, lookMs }: LeaseTimes,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (machine !== undefined && seen['machine'] === machine) {
    const { host, pid, processStart } = seen;
    const mark = { host: String(host), pid: Number(pid) };
    if (await isRunning(processStart === '' ? mark : { ...mark, processStart: String(processStart) }))
      throw locked(seen);
    return;
  }
  const since = performance.now();
  while (performance.now() - since < deadAfterMs) {
    signal?.throwIfAborted();
    await sleep(lookMs);
    const now = await table.get(key);
    if (now?.['owner'] !== seen['owner']) return;
    if (now?.['beat'] !== seen['beat']) throw locked(now);
  }
}

function locked(holder: Item | undefined): SluiceError {
  const { owner, run, pid, host } = holder ?? {};
  const who =
    owner === undefined
      ? 'another run'
      : `${run === '' ? 'another run' : `run ${run}`} (process ${pid} on ${host})`;
  return new SluiceError('run_locked', `${who} is running this pipeline`, {
    hint: 'wait for it with --wait, or stop it first',
  });
}
