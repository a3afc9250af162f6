import { look, type Place } from './export-look.js';
import { startWatcher } from './export-watcher.js';
import type { Observer } from './kill-sweep.js';

/** Calls behind which the place may be another. */
const changes = /^after (PutObject|CopyObject|CompleteMultipartUpload|DeleteObjects?|StartExportTask)\b/;

/**
 * Sees a place by two readers: one that looks all along, and one that looks behind each change, while the call that made it
 * waits for its answer.
 */
export async function observed(place: Place): Promise<Observer> {
  const watcher = await startWatcher(place);
  const gaps = new Set<string>();
  return {
    moment: async (at) => {
      if (!changes.test(at)) return;
      const { version, problems } = await look(place);
      for (const problem of version === undefined ? ['LATEST.json is gone'] : problems) {
        gaps.add(`${at}: ${problem}`);
      }
    },
    end: async () => {
      const witness = await watcher.end();
      return [...gaps, ...witness.gaps];
    },
  };
}
