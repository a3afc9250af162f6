import type { Begun, Exporter, ExportOrder } from '../../connectors/exporter.js';
import type { Clock, ExportProgress } from '../../engine/export/export-run.js';
import { processClock } from '../../engine/export/wait.js';

/** What an export has to have done before it can go on, by somebody who can wait. */
export interface Handed {
  readonly next: 'takeSnapshot' | 'watchSnapshot' | 'startExport' | 'watchExport';
  /** Of the snapshot or the export. */
  readonly name: string;
  /** ARN of what is exported; '' where nothing is begun. */
  readonly source: string;
}

/** Leaves an export where it stands: its journal knows how far it is. */
export class HandedOver extends Error {
  readonly handed: Handed;

  constructor(handed: Handed) {
    super(`handed over: ${handed.next}`);
    this.handed = handed;
  }
}

export interface Handing {
  readonly exporter: Exporter;
  readonly clock: Clock;
}

/** So often something that was begun may not be found before it counts as gone: the engine's number of looks. */
const MAX_WAITS = 4;
/** Each of those waits. */
const WAIT_MS = 15_000;

/**
 * An exporter that looks as the other does, and hands over where that would begin something; and a clock that hands over where
 * RDS is at work. Only what is not found is waited for here, a few times.
 */
export function handing(exporter: Exporter, progress: ExportProgress, waitMs = WAIT_MS): Handing {
  let isSeen = false;
  let waits = 0;
  const seen = <State extends { readonly kind: string }>(state: State): State => {
    isSeen = state.kind !== 'none';
    return state;
  };
  const takeSnapshot = async (name: string): Promise<Begun> => {
    const found = await exporter.snapshotBegun(name);
    if (found === 'none') throw new HandedOver({ next: 'takeSnapshot', name, source: '' });
    return found;
  };
  const startExport = async (order: ExportOrder, source: string): Promise<Begun> => {
    const found = await exporter.exportBegun(order, source);
    if (found === 'none') throw new HandedOver({ next: 'startExport', name: order.name, source });
    return found;
  };
  const sleep: Clock['sleep'] = async (_ms, signal) => {
    const next = progress.stage === 'snapshot' ? 'watchSnapshot' : 'watchExport';
    if (isSeen || ++waits > MAX_WAITS) throw new HandedOver({ next, name: progress.name, source: '' });
    await processClock.sleep(waitMs, signal);
  };
  return {
    exporter: {
      describe: (order) => exporter.describe(order),
      check: (order) => exporter.check(order),
      takeSnapshot,
      snapshot: async (name) => seen(await exporter.snapshot(name)),
      startExport,
      export: async (name) => seen(await exporter.export(name)),
      snapshotBegun: (name) => exporter.snapshotBegun(name),
      exportBegun: (order, source) => exporter.exportBegun(order, source),
      refused: (error) => exporter.refused(error),
      cancelExport: (name) => exporter.cancelExport(name),
      contents: (name, objects, read) => exporter.contents(name, objects, read),
      ourSnapshots: () => exporter.ourSnapshots(),
      removeSnapshot: (name) => exporter.removeSnapshot(name),
      close: () => exporter.close(),
    },
    clock: { nowMs: () => processClock.nowMs(), sleep },
  };
}
