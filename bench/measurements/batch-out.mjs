import { NullEndpoint } from '../null-endpoint.mjs';
import { bestGoWorkers, buildGo, findPython, runGo, runOld } from '../peers.mjs';
import { compared, rateLine } from '../report.mjs';
import { Sluice } from '../sluice.mjs';
import { interleave } from '../statistics.mjs';

const title = 'MySQL → null DynamoDB';

/**
 * The whole job from a full table to the null endpoint: Sluice, Go at its best concurrency, the old code.
 * @param {import('../main.mjs').Setting} setting
 * @returns {Promise<import('../report.mjs').Result>}
 */
export async function batchOut({ database, sizes, rounds, log }) {
  const endpoint = await NullEndpoint.start();
  try {
    await database.fill('orders', sizes.rows);
    const contest = await contestants(database, endpoint, sizes, log);
    log(`batch-out: ${rounds} rounds of ${[...contest.runs.keys()].join(', ')}`);
    const samples = await interleave(rounds, contest.runs);
    const ours = rateLine('sluice', samples.get('sluice') ?? []);
    const lines = [ours];
    const control = rateLine('sluice again (A/A)', samples.get('sluice again') ?? []);
    lines.push(compared(ours, control, { name: 'sluice' }));
    for (const [name, atLeast] of /** @type {const} */ ([
      ['Go', 1],
      ['old', 80],
    ])) {
      const theirs = samples.get(name);
      if (theirs)
        lines.push(compared(ours, rateLine(contest.labels.get(name) ?? name, theirs), { name, atLeast }));
    }
    const limit = await endpoint.limit();
    lines.push({ label: 'limit of the null endpoint', unit: 'rows/s', samples: [limit] });
    return { measurement: 'batch-out', title: `${title}, ${sizes.rows} rows`, lines, notes: contest.notes };
  } finally {
    await endpoint.stop();
  }
}

/**
 * @param {import('../database.mjs').Database} database
 * @param {NullEndpoint} endpoint
 * @param {import('../main.mjs').Sizes} sizes
 * @param {(text: string) => void} log
 */
async function contestants(database, endpoint, sizes, log) {
  const sluice = new Sluice(database, endpoint);
  /** @type {Map<string, () => Promise<import('../peers.mjs').Sample>>} */
  const runs = new Map();
  const labels = new Map();
  const notes = [];
  const ours = () => counted(endpoint, sizes.rows, () => sluice.copyOut('orders'));
  runs.set('sluice', ours);
  const go = await buildGo();
  if ('skipped' in go) notes.push(`Go: skipped, ${go.skipped}`);
  else {
    await database.fill('orders_few', sizes.searchRows);
    const workers = await bestGoWorkers((count) =>
      runGo(go.program, database, endpoint, 'orders_few', count),
    );
    log(`batch-out: Go is fastest with ${workers} workers`);
    labels.set('Go', `Go, ${workers} workers`);
    runs.set('Go', () =>
      counted(endpoint, sizes.rows, () => runGo(go.program, database, endpoint, 'orders', workers)),
    );
  }
  runs.set('sluice again', ours);
  const old = await findPython();
  if ('skipped' in old) notes.push(`old code: skipped, ${old.skipped}`);
  else {
    const job = { mysql: database.credentials, endpoint: endpoint.url, rows: sizes.oldOutRows };
    labels.set('old', `old code, first ${sizes.oldOutRows} rows`);
    runs.set('old', () => counted(endpoint, sizes.oldOutRows, () => runOld(old.python, 'out.py', job)));
  }
  return { runs, labels, notes };
}

/**
 * Throws unless exactly the expected rows arrived at the endpoint.
 * @template {{ rows: number }} T
 * @param {NullEndpoint} endpoint
 * @param {number} rows
 * @param {() => Promise<T>} measure
 */
export async function counted(endpoint, rows, measure) {
  await endpoint.reset();
  const sample = await measure();
  const { written } = await endpoint.counts();
  if (written !== rows || sample.rows !== rows) {
    throw new Error(`${rows} rows were sent, ${written} arrived, the program says ${sample.rows}`);
  }
  return sample;
}
