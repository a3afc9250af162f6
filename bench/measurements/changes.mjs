import { join } from 'node:path';
import { root, runNode } from '../program.mjs';
import { compared, rateLine } from '../report.mjs';
import { interleave } from '../statistics.mjs';
import { filled } from './batch-in.mjs';

const loader = join(root, 'bench', 'change-loader.mjs');
const BYTES_PER_MB = 1024 * 1024;
const MAX_MB = 180;
const MAX_GROWTH = 1.2;
const FEW = 0.3;
/** By then the heap of a program has its size; from fewer it still grows. */
const SETTLED_ROWS = 300_000;

/**
 * Canned changes from memory through the MySQL sink: append and mirror against `LOAD DATA` of a prepared file of the same
 * rows, and the loader's peak memory with few and with many. The rows that arrived are compared by CHECKSUM TABLE.
 * @param {import('../main.mjs').Setting} setting
 * @returns {Promise<import('../report.mjs').Result>}
 */
export async function changes({ database, sizes, rounds, log }) {
  const { rows } = sizes;
  const fewRows = Math.round(rows * FEW);
  await database.fill('orders', rows);
  await database.fill('orders_few', fewRows);
  /** @param {'append' | 'mirror'} mode */
  const ours = (mode) => () => filled(database, 'orders', () => load(database, mode, rows));
  const few = () => filled(database, 'orders_few', () => load(database, 'mirror', fewRows));
  const limit = () =>
    filled(database, 'orders', async () => {
      const seconds = await database.load('received', rows);
      return { seconds, net: seconds, rows, usage: undefined };
    });
  log(`changes: ${rounds} rounds of append, LOAD DATA, mirror, append again, mirror of few`);
  const samples = await interleave(
    rounds,
    new Map([
      ['append', ours('append')],
      ['LOAD DATA', limit],
      ['mirror', ours('mirror')],
      ['append again', ours('append')],
      ['few', few],
    ]),
  );
  const of = (/** @type {string} */ name) => samples.get(name) ?? [];
  const append = rateLine('sluice, append', of('append'));
  const mirror = rateLine('sluice, mirror, all keys new', of('mirror'));
  const loaded = rateLine('LOAD DATA of a prepared file', of('LOAD DATA'));
  const control = rateLine('sluice, append again (A/A)', of('append again'));
  const lines = [
    append,
    compared(append, control, { name: 'sluice' }),
    compared(append, loaded, { name: 'LOAD DATA', atLeast: 0.6 }),
    compared(mirror, loaded, { name: 'LOAD DATA' }),
  ];
  lines[3] = { ...mirror, ratio: lines[3]?.ratio ?? 0, ratioOf: 'mirror ÷ LOAD DATA' };
  const peak = (/** @type {string} */ name) => Math.max(...of(name).map(peakMb));
  lines.push(
    { label: `mirror, ${fewRows} changes`, unit: 'MB', samples: [peak('few')], atMost: MAX_MB },
    { label: `mirror, ${rows} changes`, unit: 'MB', samples: [peak('mirror')], atMost: MAX_MB },
    { label: `append, ${rows} changes`, unit: 'MB', samples: [peak('append')], atMost: MAX_MB },
    {
      label: 'mirror, growth',
      unit: '×',
      samples: [peak('mirror') / peak('few')],
      ...(fewRows >= SETTLED_ROWS ? { atMost: MAX_GROWTH } : {}),
    },
  );
  const title = `canned changes → MySQL, ${rows} changes, one writer`;
  return { measurement: 'changes', title, lines, notes: [] };
}

/** @param {{ usage: import('../program.mjs').Usage | undefined }} sample */
function peakMb({ usage }) {
  return (usage?.peakBytes ?? 0) / BYTES_PER_MB;
}

/**
 * @param {import('../database.mjs').Database} database
 * @param {'append' | 'mirror'} mode
 * @param {number} rows
 */
async function load(database, mode, rows) {
  await database.execute('DROP TABLE IF EXISTS sluice_sequences, sluice_ledger');
  const job = { connection: database.connection, table: 'received', mode, rows };
  const environment = { BENCH_PASSWORD: database.password };
  const { output, usage } = await runNode([loader, JSON.stringify(job)], { environment });
  const { rows: written, seconds } = JSON.parse(output);
  return { seconds, net: seconds, rows: written, usage };
}
