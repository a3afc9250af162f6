import type { Source } from '../connectors/connector.js';
import type { StepPast, StepWindow } from '../engine/journal.js';
import { SluiceError } from '../errors.js';
import { histories, type RunHistory } from '../journal/runs.js';
import type { Logs } from '../journal/state.js';
import type { SingleCopy } from './single-copy.js';
import { type Cursor, nextWindow, type Since } from './window.js';

/** How incremental copies come to their windows. */
export interface Windows {
  /** The same answer at each call, for all attempts of a run. */
  of(copy: SingleCopy, source: Source): Promise<StepWindow>;
}

/** The windows of a run: those that it recorded in an earlier attempt, else from the cursor to where the source is. */
export function runWindows(
  runs: Logs,
  { resumes, full }: { readonly resumes: RunHistory | undefined; readonly full: boolean },
): Windows {
  const known = new Map<string, StepWindow>();
  return {
    async of(copy, source) {
      const window =
        known.get(copy.name) ??
        resumes?.steps.get(copy.name)?.window ??
        (await newWindow(runs, copy, source, full));
      known.set(copy.name, window);
      return window;
    },
  };
}

async function newWindow(runs: Logs, copy: SingleCopy, source: Source, full: boolean): Promise<StepWindow> {
  if (!source.top) throw new Error('a source with since has a top');
  const cursor = await readCursor(runs, copy.name);
  return nextWindow(await source.top(), sinceOf(copy), identityOf(copy), cursor, full);
}

/** Everything below the cursor: what the runs so far have answered for. */
export function doneWindows(runs: Logs): Windows {
  return {
    async of(copy) {
      const cursor = await readCursor(runs, copy.name);
      if (cursor?.value === undefined || cursor.of !== identityOf(copy)) {
        throw new SluiceError('since_refused', 'no run has completed this incremental copy yet', {
          hint: 'run the pipeline first: what lies below its cursor is compared',
        });
      }
      return { kind: cursor.kind, of: cursor.of, to: cursor.value };
    },
  };
}

/**
 * Where a copy stands: the newest run that had a part in it says so, whether it completed or not, so that older runs
 * can be forgotten.
 */
async function readCursor(
  runs: Logs,
  name: string,
): Promise<(Cursor & Pick<StepWindow, 'kind'>) | undefined> {
  for await (const history of histories(runs)) {
    const past = history.steps.get(name);
    if (past?.window) return cursorAfter(past, past.window);
  }
  return undefined;
}

function cursorAfter(past: StepPast, window: StepWindow): Cursor & Pick<StepWindow, 'kind'> {
  const value = past.result ? (window.to ?? window.previous) : window.previous;
  return { of: window.of, kind: window.kind, ...(value === undefined ? {} : { value }) };
}

export function sinceOf({ step }: SingleCopy): Since {
  return step.from['since'] as Since;
}

function identityOf(copy: SingleCopy): string {
  const { connection, table } = copy.step.from;
  return JSON.stringify([connection, table, sinceOf(copy).column]);
}
