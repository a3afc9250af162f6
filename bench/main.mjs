/**
 * Measures Sluice against its peers and limits on this machine. See METHODOLOGY.md.
 *
 * npm run bench -- [batch-out] [batch-in] [keys] [check] [rss] [start] [handlers] [verify] [changes] [replicate] [pace] [parquet] [parquet-items] [--quick] [--rounds N] [--json] [--assert]
 *
 * Exit status: 0; with --assert 1 when a target is missed.
 */
import { parseArgs } from 'node:util';
import { Database } from './database.mjs';
import { batchIn } from './measurements/batch-in.mjs';
import { batchOut } from './measurements/batch-out.mjs';
import { changes } from './measurements/changes.mjs';
import { check } from './measurements/check.mjs';
import { handlers } from './measurements/handlers.mjs';
import { keys } from './measurements/keys.mjs';
import { pace } from './measurements/pace.mjs';
import { parquet } from './measurements/parquet.mjs';
import { parquetItems } from './measurements/parquet-items.mjs';
import { replicate } from './measurements/replicate.mjs';
import { rss } from './measurements/rss.mjs';
import { start } from './measurements/start.mjs';
import { verify } from './measurements/verify.mjs';
import { met, textOf, value } from './report.mjs';

/**
 * @typedef {object} Sizes
 * @property {number} rows of the throughput measurements
 * @property {number} searchRows with which the Go program's best concurrency is searched
 * @property {number} oldOutRows that the old code moves out
 * @property {number} oldInRows that the old code moves in
 * @property {number} oldExportedRows that the Python peer makes Parquet of
 * @property {number} keyedItems that a key list names, in a real engine
 * @property {number} oldKeyedItems of those that the old code moves
 * @property {number} cannedKeys that a key list names, at the null endpoint
 * @property {number} fewRows of the memory measurement
 * @property {number} manyRows of the memory measurement
 * @property {number} lagChanges whose way through a waiting program is measured
 *
 * @typedef {object} Setting
 * @property {Database} database
 * @property {Sizes} sizes
 * @property {number} rounds
 * @property {number} memoryRounds
 * @property {(text: string) => void} log
 *
 * @typedef {import('./report.mjs').Result} Result
 */

/** @type {Sizes} */
const full = {
  rows: 1_000_000,
  searchRows: 200_000,
  oldOutRows: 4000,
  oldInRows: 20_000,
  oldExportedRows: 50_000,
  keyedItems: 60_000,
  oldKeyedItems: 1500,
  cannedKeys: 400_000,
  fewRows: 100_000,
  manyRows: 2_000_000,
  lagChanges: 20,
};
/** @type {Sizes} */
const quick = {
  ...full,
  rows: 200_000,
  searchRows: 100_000,
  oldOutRows: 1500,
  oldInRows: 10_000,
  oldExportedRows: 20_000,
  keyedItems: 20_000,
  oldKeyedItems: 500,
  cannedKeys: 100_000,
  manyRows: 500_000,
  lagChanges: 5,
};

/** @type {ReadonlyMap<string, (setting: Setting) => Promise<Result>>} */
const measurements = new Map([
  ['start', start],
  ['handlers', handlers],
  ['batch-out', batchOut],
  ['batch-in', batchIn],
  ['keys', keys],
  ['check', check],
  ['rss', rss],
  ['verify', verify],
  ['changes', changes],
  ['replicate', replicate],
  ['pace', pace],
  ['parquet', parquet],
  ['parquet-items', parquetItems],
]);

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    assert: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
  },
});
const unknown = positionals.filter((name) => !measurements.has(name));
if (unknown.length > 0 || !(Number(options.rounds) >= 1)) {
  process.stderr.write(
    `bench: ${unknown.join(', ') || '--rounds'} is not one of ${[...measurements.keys()].join(', ')}\n`,
  );
  process.exit(2);
}

const chosen = positionals.length > 0 ? positionals : [...measurements.keys()];
const log = (/** @type {string} */ text) => process.stderr.write(`${text}\n`);
log('bench: starting MariaDB');
const database = await Database.start();
process.once('SIGINT', () => {
  void database.stop().finally(() => process.exit(130));
});
/** @type {Result[]} */
const results = [];
try {
  for (const name of chosen) {
    const measure = measurements.get(name);
    if (!measure) continue;
    const rounds = Number(options.rounds);
    const sizes = options.quick ? quick : full;
    const result = await measure({ database, sizes, rounds, memoryRounds: options.quick ? 1 : 2, log });
    results.push(result);
    if (!options.json) process.stdout.write(`${textOf(result)}\n`);
  }
} finally {
  await database.stop();
}
if (options.json) process.stdout.write(`${JSON.stringify(results.map(withFigures), null, 2)}\n`);
const missed = results.some(({ lines }) => lines.some((line) => met(line) === false));
process.exitCode = options.assert && missed ? 1 : 0;

/** @param {Result} result */
function withFigures(result) {
  return { ...result, lines: result.lines.map((line) => ({ ...line, median: value(line), met: met(line) })) };
}
