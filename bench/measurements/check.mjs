import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { goodHits, hit, hitSchema } from '../hits.mjs';
import { findPython, runOld } from '../peers.mjs';
import { root, run } from '../program.mjs';
import { compared, rateLine } from '../report.mjs';
import { interleave } from '../statistics.mjs';

const ITEMS = 10_000;
/** A good item's text is parsed and mapped in each round anew: nothing is remembered between them. */
const OUR_ROUNDS = 60;
const OLD_ROUNDS = 3;

/**
 * Parse, check, map and LOAD DATA lines of records in memory: the stages of a run against the old transform, which
 * builds a validator for each record. Compared is the time from records to lines (`net` of the others).
 * @param {import('../main.mjs').Setting} setting
 * @returns {Promise<import('../report.mjs').Result>}
 */
export async function check({ rounds, log }) {
  const file = join(root, '.local', 'bench-hits.jsonl');
  await writeFile(
    file,
    Array.from({ length: ITEMS }, (_, index) => `${JSON.stringify(hit(index))}\n`).join(''),
  );
  try {
    const ours = () => sampled(OUR_ROUNDS, (job) => runOurs({ file, ...job }));
    /** @type {Map<string, () => Promise<import('../peers.mjs').Sample>>} */
    const contestants = new Map([
      ['sluice', ours],
      ['sluice again', ours],
    ]);
    const notes = [];
    const old = await findPython();
    if ('skipped' in old) notes.push(`old code: skipped, ${old.skipped}`);
    else {
      const job = { file, schema: hitSchema };
      contestants.set('old', () =>
        sampled(OLD_ROUNDS, (more) => runOld(old.python, 'check.py', { ...job, ...more })),
      );
    }
    log(`check: ${rounds} rounds of ${[...contestants.keys()].join(', ')}`);
    const samples = await interleave(rounds, contestants);
    const first = rateLine('sluice', samples.get('sluice') ?? []);
    const control = rateLine('sluice again (A/A)', samples.get('sluice again') ?? []);
    const lines = [first, compared(first, control, { name: 'sluice' })];
    const theirs = samples.get('old');
    if (theirs) {
      const line = rateLine('old code, a validator for each record', theirs);
      lines.push(compared(first, line, { name: 'old', atLeast: 15 }));
    }
    const title = 'parse, check, map and lines of records in memory, 1 in 40 bad';
    return { measurement: 'check', title, lines, notes };
  } finally {
    await rm(file, { force: true });
  }
}

/**
 * The time within the program alone: what starts it has nothing to do with records.
 * @param {number} rounds
 * @param {(job: { rounds: number }) => Promise<import('../peers.mjs').Sample & { lines: number }>} measure
 * @returns {Promise<import('../peers.mjs').Sample>}
 */
async function sampled(rounds, measure) {
  const { rows, net, lines } = await measure({ rounds });
  const good = rounds * goodHits(ITEMS);
  if (rows !== rounds * ITEMS || lines !== good)
    throw new Error(`${lines} lines of ${rows} records instead of ${good}`);
  return { rows, net, seconds: net };
}

/** @param {{ file: string, rounds: number }} job */
async function runOurs(job) {
  const program = join(root, 'bench', 'check-records.mjs');
  const ended = await run(process.execPath, [program], { input: JSON.stringify(job) });
  const { rows, seconds, lines } = JSON.parse(ended.output);
  return { rows, lines, net: seconds, seconds: ended.seconds };
}
