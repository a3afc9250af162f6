import { NullEndpoint } from '../null-endpoint.mjs';
import { findPython, runOld } from '../peers.mjs';
import { compared, rateLine } from '../report.mjs';
import { Sluice } from '../sluice.mjs';
import { interleave } from '../statistics.mjs';

/**
 * The whole job from canned Scan pages into an empty table: Sluice, `LOAD DATA` of a prepared file (the limit
 * of the server), the old code. The rows that arrived are compared by CHECKSUM TABLE.
 * @param {import('../main.mjs').Setting} setting
 * @returns {Promise<import('../report.mjs').Result>}
 */
export async function batchIn({ database, sizes, rounds, log }) {
  const endpoint = await NullEndpoint.start([sizes.rows, sizes.oldInRows]);
  try {
    await database.fill('orders', sizes.rows);
    await database.fill('orders_few', sizes.oldInRows);
    const { runs, notes } = await contestants(database, endpoint, sizes);
    log(`batch-in: ${rounds} rounds of ${[...runs.keys()].join(', ')}`);
    const samples = await interleave(rounds, runs);
    const ours = rateLine('sluice, upsert', samples.get('sluice') ?? []);
    const lines = [ours];
    const control = rateLine('sluice again (A/A)', samples.get('sluice again') ?? []);
    lines.push(compared(ours, control, { name: 'sluice' }));
    const limit = rateLine('LOAD DATA of a prepared file', samples.get('LOAD DATA') ?? []);
    lines.push(compared(ours, limit, { name: 'LOAD DATA', atLeast: 0.75 }));
    const old = samples.get('old');
    if (old) {
      const line = rateLine(`old code, ${sizes.oldInRows} rows`, old);
      lines.push(compared(ours, line, { name: 'old', atLeast: 50 }));
    }
    const title = `canned DynamoDB pages → MySQL, ${sizes.rows} rows`;
    return { measurement: 'batch-in', title, lines, notes };
  } finally {
    await endpoint.stop();
  }
}

/**
 * @param {import('../database.mjs').Database} database
 * @param {NullEndpoint} endpoint
 * @param {import('../main.mjs').Sizes} sizes
 */
async function contestants(database, endpoint, sizes) {
  const sluice = new Sluice(database, endpoint);
  const notes = [];
  /** @type {Map<string, () => Promise<import('../peers.mjs').Sample>>} */
  const runs = new Map();
  const ours = () => filled(database, 'orders', () => sluice.copyIn(`canned-${sizes.rows}`, 'received'));
  runs.set('sluice', ours);
  runs.set('LOAD DATA', () =>
    filled(database, 'orders', async () => {
      const seconds = await database.load('received', sizes.rows);
      return { seconds, net: seconds, rows: sizes.rows };
    }),
  );
  runs.set('sluice again', ours);
  const old = await findPython();
  if ('skipped' in old) notes.push(`old code: skipped, ${old.skipped}`);
  else {
    const names = { table: `canned-${sizes.oldInRows}`, into: 'received' };
    const job = { mysql: database.credentials, endpoint: endpoint.url, ...names };
    runs.set('old', () => filled(database, 'orders_few', () => runOld(old.python, 'in.py', job)));
  }
  return { runs, notes };
}

/**
 * Measures a job that fills the empty table `received`; throws unless it then equals `expected`.
 * @template T
 * @param {import('../database.mjs').Database} database
 * @param {string} expected
 * @param {() => Promise<T>} measure
 */
export async function filled(database, expected, measure) {
  await database.empty('received');
  const sample = await measure();
  await database.assertEqual(expected, 'received');
  return sample;
}
