import { randomBytes } from 'node:crypto';
import type { Declaration } from '../../declare/declaration.js';
import { SluiceError } from '../../errors.js';
import { RunJournal } from '../../journal/runs.js';
import type { PipelineState } from '../../journal/state.js';
import type { LoadConnector } from '../connections.js';
import { openWorld, type World } from '../scope.js';
import { runWindows } from '../windows.js';

/**
 * Where one process does a share of a run that several go through: one begins the run, one plans a step, some copy its
 * parts, one finishes it. What they know of each other is in the state.
 */
export interface Apart {
  readonly declaration: Declaration;
  readonly state: PipelineState;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly load: LoadConnector;
  /** Nothing more is waited for: what is being written may be lost, and is done again by whoever comes next. */
  readonly signal: AbortSignal;
}

/** A run, joined by one more process. */
export interface Joined {
  readonly world: World;
  readonly journal: RunJournal;
  close(): Promise<void>;
}

/**
 * Joins a run as the one writer of this name. `of`: whose streams it has to know; all by default.
 * @throws SluiceError state_unusable where there is no such run
 */
export async function joinRun(
  apart: Apart,
  run: string,
  writer: string,
  of?: (writer: string) => boolean,
): Promise<Joined> {
  const { declaration, state, env, load, signal } = apart;
  const journal = await RunJournal.beside(state.runs, run, writer, of);
  const { firing } = journal.history;
  const windows = runWindows(state.runs, { resumes: journal.history, full: false });
  const world = openWorld(declaration, { env, state, run, firing, windows, load, signal });
  return {
    world,
    journal,
    close: async () => {
      await world.connections.close();
      await journal.close();
    },
  };
}

/** What a worker with parts of a copy is called in the journal. No step's name begins so. */
export function workerName(copy: string, worker: string): string {
  return `[${worker}]${copy}`;
}

/** Whether a worker has to know what this writer has noted: of its parts no other knows anything, but who had all of them. */
export function concerns(copy: string, worker: string): (writer: string) => boolean {
  if (worker === ALL_PARTS) return () => true;
  const own = new Set([worker, ALL_PARTS].map((name) => workerName(copy, name)));
  return (writer) => !writer.startsWith('[') || own.has(writer);
}

/** The worker that has all parts of a copy. */
export const ALL_PARTS = 'all';

/** Another one each time. */
export function newAttempt(): string {
  return randomBytes(8).toString('hex');
}

export function noSuchStep(name: string): SluiceError {
  return new SluiceError('usage', `the pipeline has no step ${name} that does this`);
}
