import type { ExportJournal } from './export-journal.js';

/** How far an export is. Written by it, read by whoever shows progress. */
export interface ExportProgress {
  stage: ExportStage;
  /** What is made: the name of the snapshot, then of the export. */
  name: string;
  /** Of the stage, as RDS tells it. */
  percent: number;
  extractedGib: number;
}

export type ExportStage = 'begins' | 'snapshot' | 'export' | 'checks' | 'publishes' | 'removes the old';

export function zeroProgress(): ExportProgress {
  return { stage: 'begins', name: '', percent: 0, extractedGib: 0 };
}

/** What an export step is run with. */
export interface ExportRun {
  readonly run: string;
  readonly pipeline: string;
  /** The moment that the run acts for: ISO 8601, UTC. */
  readonly firingTime: string;
  readonly journal: ExportJournal;
  readonly progress: ExportProgress;
  /** Ends every wait. */
  readonly stop: AbortSignal;
  readonly clock: Clock;
  /** Throws once the run has lost its lease: asked before anything outside is changed. */
  readonly guard: () => Promise<void>;
  /** A line for people. */
  said(line: string): void;
}

/** A clock that only goes forward, and waits by it. A test has its own. */
export interface Clock {
  nowMs(): number;
  /** Throws the signal's reason when it is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}
