/** The process of `startWatcher`: looks again and again until its input ends, then tells what it saw. */
import { setTimeout as sleep } from 'node:timers/promises';
import { look, type Place } from './export-look.js';

/** Short beside what the product does between two calls, long enough to leave a core to others. */
const PAUSE_MS = 5;

export interface Witness {
  readonly looks: number;
  /** The exports that LATEST.json gave, in their order. */
  readonly exports: readonly string[];
  /** Instants at which no complete export could be read after one could. */
  readonly gaps: readonly string[];
}

const place = JSON.parse(process.argv[2] ?? '') as Place;
const exports: string[] = [];
const gaps = new Set<string>();
let looks = 0;
let ended = false;
process.stdin.on('end', () => {
  ended = true;
});
process.stdin.resume();
/** Once more after the end, so that nothing that was there before it is missed. */
for (let isLast = false; ; isLast = ended) {
  const seen = await look(place);
  if (seen.version === undefined && exports.length > 0) gaps.add('LATEST.json is gone');
  for (const problem of seen.problems) gaps.add(`${seen.export}: ${problem}`);
  if (seen.export !== undefined && exports.at(-1) !== seen.export) exports.push(seen.export);
  if (looks++ === 0) process.stdout.write('looking\n');
  if (isLast) break;
  await sleep(PAUSE_MS);
}
process.stdout.write(JSON.stringify({ looks, exports, gaps: [...gaps] } satisfies Witness));
