import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checked, exported } from '../exported-files.mjs';
import { findPython, runArrow } from '../peers.mjs';
import { root } from '../program.mjs';
import { compared, rateLine, value } from '../report.mjs';
import { interleave } from '../statistics.mjs';

const BYTES_PER_MB = 1024 * 1024;
const MAX_MB = 350;
const MAX_GROWTH = 1.2;
const MAX_SIZE = 1.2;
const MIN_RATIO = 0.8;
/** Into so many ranges of ids connectorx may cut the table; the best takes part. */
const PARTS = [1, 2];

/**
 * A MySQL table → Parquet files of this machine: Sluice, and connectorx with pyarrow. What the files hold is counted and
 * summed by DuckDB after each run.
 * @param {import('../main.mjs').Setting} setting
 * @returns {Promise<import('../report.mjs').Result>}
 */
export async function parquet({ database, sizes, rounds, memoryRounds, log }) {
  await mkdir(join(root, '.local', 'bench'), { recursive: true });
  const folder = await mkdtemp(join(root, '.local', 'bench', 'parquet-'));
  try {
    await database.fill('orders', sizes.rows);
    const ours = () => sluiceFile(database, folder, 'orders', sizes.rows);
    const runs = new Map([
      ['sluice', ours],
      ['sluice again', ours],
    ]);
    const peer = await arrowPeer(database, folder, sizes, log);
    if ('run' in peer) runs.set('arrow', peer.run);
    log(`parquet: ${rounds} rounds of ${[...runs.keys()].join(', ')}`);
    const samples = await interleave(rounds, runs);
    const first = rateLine('sluice', samples.get('sluice') ?? []);
    const again = rateLine('sluice again (A/A)', samples.get('sluice again') ?? []);
    const lines = [first, compared(first, again, { name: 'sluice' })];
    if ('run' in peer) lines.push(...peerLines(first, peer.label, samples));
    lines.push(...(await memoryLines(database, folder, sizes, memoryRounds, log)));
    const notes = 'skipped' in peer ? [`connectorx and pyarrow: skipped, ${peer.skipped}`] : [];
    return { measurement: 'parquet', title: `MySQL → Parquet, ${sizes.rows} rows`, lines, notes };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @param {import('../database.mjs').Database} database
 * @param {string} folder
 * @param {import('../main.mjs').Sizes} sizes
 * @param {(text: string) => void} log
 */
async function arrowPeer(database, folder, sizes, log) {
  const found = await findPython('arrow');
  if ('skipped' in found) return found;
  const { python } = found;
  const path = join(folder, 'arrow.parquet');
  const job = { table: 'orders', path, mysql: database.credentials };
  let best = { parts: 1, seconds: Number.POSITIVE_INFINITY };
  for (const parts of PARTS) {
    const { seconds } = await runArrow(python, { ...job, parts });
    if (seconds < best.seconds) best = { parts, seconds };
  }
  log(`parquet: connectorx is fastest with ${best.parts} parts`);
  const run = async () => {
    const sample = await runArrow(python, { ...job, parts: best.parts });
    return await checked(sample, [path], sizes.rows);
  };
  return { run, label: `connectorx and pyarrow, ${best.parts} parts` };
}

/**
 * @param {import('../report.mjs').Line} ours
 * @param {string} label
 * @param {ReadonlyMap<string, Awaited<ReturnType<typeof sluiceFile>>[]>} samples
 * @returns {import('../report.mjs').Line[]}
 */
function peerLines(ours, label, samples) {
  const theirs = samples.get('arrow') ?? [];
  const sizes = (/** @type {string} */ whose) =>
    (samples.get(whose) ?? []).map(({ bytes }) => bytes / BYTES_PER_MB);
  const size = { label: 'size of the files', unit: /** @type {const} */ ('MB'), samples: sizes('sluice') };
  const peers = { label: `size of pyarrow's`, unit: /** @type {const} */ ('MB'), samples: sizes('arrow') };
  const ratio = value(size) / value(peers);
  return [
    compared(ours, rateLine(label, theirs), { name: 'connectorx', atLeast: MIN_RATIO }),
    { label: 'its peak memory', unit: 'MB', samples: [peakOf(theirs)] },
    { ...size, ratio, ratioOf: 'sluice ÷ pyarrow', atMost: MAX_SIZE },
    peers,
  ];
}

/**
 * @param {import('../database.mjs').Database} database
 * @param {string} folder
 * @param {import('../main.mjs').Sizes} sizes
 * @param {number} rounds
 * @param {(text: string) => void} log
 * @returns {Promise<import('../report.mjs').Line[]>}
 */
async function memoryLines(database, folder, { fewRows: few, manyRows: many }, rounds, log) {
  await database.fill('orders_few', few);
  await database.fill('orders_many', many);
  log(`parquet: ${few} and ${many} rows, for the memory`);
  const samples = await interleave(
    rounds,
    new Map([
      ['few', () => sluiceFile(database, folder, 'orders_few', few)],
      ['many', () => sluiceFile(database, folder, 'orders_many', many)],
    ]),
  );
  const [small, large] = [peakOf(samples.get('few') ?? []), peakOf(samples.get('many') ?? [])];
  return [
    { label: `peak memory, ${few} rows`, unit: 'MB', samples: [small], atMost: MAX_MB },
    { label: `peak memory, ${many} rows`, unit: 'MB', samples: [large], atMost: MAX_MB },
    { label: 'growth', unit: '×', samples: [large / small], atMost: MAX_GROWTH },
  ];
}

/** @param {readonly { usage: import('../program.mjs').Usage }[]} samples the worst counts */
function peakOf(samples) {
  return Math.max(...samples.map(({ usage }) => usage.peakBytes)) / BYTES_PER_MB;
}

/**
 * @param {import('../database.mjs').Database} database
 * @param {string} folder
 * @param {string} table
 * @param {number} rows
 */
async function sluiceFile(database, folder, table, rows) {
  const environment = { BENCH_PASSWORD: database.password };
  return await exported({ source: database.connection, from: { table }, folder, table, rows, environment });
}
