import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { findPython, runArrow } from '../peers.mjs';
import { root } from '../program.mjs';
import { compared, rateLine, value } from '../report.mjs';
import { runDeclaration } from '../sluice.mjs';
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
  const declaration = {
    pipeline: 'bench',
    connections: { shop: database.connection, out: { kind: 'files', path: folder } },
    steps: [
      {
        copy: 'orders',
        from: { connection: 'shop', table },
        to: { connection: 'out', table, format: 'parquet' },
      },
    ],
  };
  const environment = { BENCH_PASSWORD: database.password };
  const sample = await runDeclaration(declaration, { environment });
  const latest = JSON.parse(await readFile(join(folder, table, 'LATEST.json'), 'utf8'));
  const paths = latest.tables[0].files.map((/** @type {{ name: string }} */ { name }) =>
    join(folder, table, name),
  );
  const exports = (await readdir(join(folder, table))).filter((name) => name !== 'LATEST.json');
  if (exports.length !== 1) throw new Error(`${exports.length} exports are kept, and one was asked for`);
  return await checked(sample, paths, rows);
}

/**
 * Throws unless the files hold every row once: ids from 1 to `rows`.
 * @template {{ rows: number }} T
 * @param {T} sample
 * @param {readonly string[]} paths
 * @param {number} rows
 */
async function checked(sample, paths, rows) {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const list = paths.map((path) => `'${path}'`).join(', ');
  const reader = await connection.runAndReadAll(
    `SELECT count(*), count(DISTINCT id), min(id), max(id) FROM read_parquet([${list}])`,
  );
  connection.closeSync();
  instance.closeSync();
  const found = (reader.getRows()[0] ?? []).map(Number).join(' ');
  if (sample.rows !== rows || found !== `${rows} ${rows} 1 ${rows}`) {
    throw new Error(`${rows} rows were exported, the program says ${sample.rows}, the files hold ${found}`);
  }
  const sizes = await Promise.all(paths.map((path) => stat(path)));
  return { ...sample, bytes: sizes.reduce((sum, { size }) => sum + size, 0) };
}
