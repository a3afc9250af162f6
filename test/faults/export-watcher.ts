/** A reader who looks all along, beside the program that it watches. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Look, look, type Place } from './export-look.js';

/** The rest of the time belongs to the servers that it asks, and to the program. */
const PAUSE_PER_LOOK = 9;

export interface Watcher {
  /** What it has seen until now, and by a last look; it looks no more. */
  end(): Promise<Witness>;
}

export interface Witness {
  /** The exports that LATEST.json gave, in their order. */
  readonly exports: readonly string[];
  /** Instants at which no complete export could be read after one could. */
  readonly gaps: readonly string[];
}

/** Resolves when it has looked once. */
export async function startWatcher(place: Place): Promise<Watcher> {
  const exports: string[] = [];
  const gaps = new Set<string>();
  const note = (seen: Look) => {
    if (seen.version === undefined && exports.length > 0) gaps.add('LATEST.json is gone');
    for (const problem of seen.problems) gaps.add(`${seen.export}: ${problem}`);
    if (seen.export !== undefined && exports.at(-1) !== seen.export) exports.push(seen.export);
  };
  note(await look(place));
  const ended = new AbortController();
  const looking = lookUntil(place, note, ended.signal);
  return {
    end: async () => {
      ended.abort();
      await looking;
      note(await look(place));
      return { exports, gaps: [...gaps] };
    },
  };
}

async function lookUntil(place: Place, note: (seen: Look) => void, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    const begunMs = performance.now();
    note(await look(place));
    const tookMs = performance.now() - begunMs;
    // Cut short by the end.
    await sleep(tookMs * PAUSE_PER_LOOK, undefined, { signal: ended }).catch(() => undefined);
  }
}
