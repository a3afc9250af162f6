import type { Declaration } from '../declare/declaration.js';
import type { Replayed } from '../engine/replay.js';
import { takeLease } from '../flow/open-run.js';
import { lookingBack } from '../flow/recall.js';
import { isOutdated, openRejects, replayRejects } from '../flow/rejects.js';
import type { OutstandingRejects } from '../journal/reject-folder.js';
import { exitStatus } from './exit-status.js';
import { type Interrupt, onInterrupt } from './interrupt.js';
import type { Io } from './io.js';
import { filterRejects, type RejectFilter } from './list-rejects.js';
import { openSession, stateOf } from './session.js';
import { count, table } from './text.js';

export interface ReplayOptions extends RejectFilter {
  readonly dryRun?: boolean | undefined;
  readonly wait?: boolean | undefined;
  readonly state?: string | undefined;
  readonly json?: boolean | undefined;
}

/** All replays of a sink share this in its ledger: a reject that was written once is known by its token. */
const REPLAY_RUN = 'replay';

/** `sluice replay`: sends open rejects again. Gives the exit status. */
export async function replayAll(declaration: Declaration, io: Io, options: ReplayOptions): Promise<number> {
  const interrupt = onInterrupt(io);
  const state = stateOf(declaration, io, options.state);
  const { signal } = interrupt;
  try {
    const lease = await takeLease({ declaration, state, wait: options.wait ?? false, signal });
    const { recalled } = await lookingBack(declaration, state);
    const world = openSession(declaration, io, { state, run: REPLAY_RUN, recalled, signal });
    try {
      const open = filterRejects(await openRejects(world), options).filter(
        ({ records }) => records.length > 0,
      );
      const chosen = open.filter((rejects) => !isOutdated(declaration, rejects));
      sayOutdated(
        open.filter((rejects) => !chosen.includes(rejects)),
        io,
      );
      if (options.dryRun) return sayWhat(chosen, io, options.json === true);
      const sums = new Map<string, Replayed>();
      for (const rejects of chosen) {
        const request = { rejects, records: rejects.records };
        sums.set(rejects.step, await replayRejects(world, request, () => lease.check(), signal));
      }
      return report(sums, io, options.json === true, interrupt);
    } finally {
      await world.connections.close();
      await lease.release();
    }
  } finally {
    interrupt.dispose();
  }
}

function sayOutdated(outdated: readonly OutstandingRejects[], io: Io): void {
  for (const { step, run, records } of outdated) {
    const rows = `${count(records.length)} rejects of run ${run}`;
    io.err(
      `${step}: ${rows} stay: their rows may have changed since; sluice verify and sluice repair mend them`,
    );
  }
}

function sayWhat(chosen: readonly OutstandingRejects[], io: Io, json: boolean): number {
  const rows = chosen.map(({ step, run, records }) => ({ step, run, rows: records.length }));
  if (json) io.out(JSON.stringify({ event: 'summary', dryRun: true, steps: rows }));
  else if (rows.length === 0) io.out('no rejects: nothing to send again');
  else
    io.out(
      table(
        ['step', 'run', 'would be sent'],
        rows.map((row) => [row.step, row.run, count(row.rows)]),
      ).join('\n'),
    );
  return exitStatus.complete;
}

function report(sums: ReadonlyMap<string, Replayed>, io: Io, json: boolean, interrupt: Interrupt): number {
  const rows = [...sums].map(([name, sum]) => ({ name, ...sum }));
  if (json) io.out(JSON.stringify({ event: 'summary', outcome: 'replayed', steps: rows }));
  else if (rows.length === 0) io.out('no rejects: nothing to send again');
  else {
    const cells = rows.map((row) => [
      row.name,
      count(row.written),
      count(row.unchanged),
      count(row.rejected),
    ]);
    io.out(table(['step', 'written', 'unchanged', 'refused again'], cells, new Set([1, 2, 3])).join('\n'));
  }
  const left = rows.some((row) => row.rejected > 0);
  return interrupt.status() ?? (left ? exitStatus.rejects : exitStatus.complete);
}
