import { NullEndpoint } from '../null-endpoint.mjs';
import { compared, rateLine } from '../report.mjs';
import { Sluice } from '../sluice.mjs';
import { interleave } from '../statistics.mjs';
import { filled } from './batch-in.mjs';

const BYTES_PER_MB = 1024 * 1024;
const MAX_MB = 180;
const LEAST_SHARE = 0.5;
/** Where the changed cell lies, as a share of the rows. */
const CHANGED_AT = 0.654;

/**
 * The speed of a verification as a share of the copy's that it follows, and its peak memory.
 * @param {import('../main.mjs').Setting} setting
 * @returns {Promise<import('../report.mjs').Result>}
 */
export async function verify({ database, sizes, rounds, log }) {
  const endpoint = await NullEndpoint.start([sizes.rows]);
  try {
    await database.fill('orders', sizes.rows);
    const sluice = new Sluice(database, endpoint);
    const canned = `canned-${sizes.rows}`;
    log(`verify: ${rounds} rounds of ${sizes.rows} rows`);
    const samples = await interleave(
      rounds,
      new Map([
        ['copy in', () => filled(database, 'orders', () => sluice.copyIn(canned, 'received'))],
        ['verify in', () => sluice.verifyIn(canned, 'received')],
        ['copy over', () => filled(database, 'orders', () => sluice.over('orders', 'received', 'run'))],
        ['verify over', () => sluice.over('orders', 'received', 'verify')],
      ]),
    );
    log('verify: one changed cell');
    const id = Math.ceil(sizes.rows * CHANGED_AT);
    await database.execute(`UPDATE received SET note = CONCAT(COALESCE(note, ''), ' ') WHERE id = ${id}`);
    await expectFound(id, () => sluice.verifyIn(canned, 'received'));
    await expectFound(id, () => sluice.over('orders', 'received', 'verify'));
    const lines = ['in', 'over'].flatMap((way) => linesOf(way, samples));
    const title = `verify against the copy that it follows, ${sizes.rows} rows`;
    return {
      measurement: 'verify',
      title,
      lines,
      notes: ['in: DynamoDB pages ⇄ MySQL; over: MySQL ⇄ MySQL'],
    };
  } finally {
    await endpoint.stop();
  }
}

/**
 * A fast answer is worth nothing unless it is right: throws unless the one changed cell is found and named.
 * @param {number} id
 * @param {() => Promise<unknown>} look
 */
async function expectFound(id, look) {
  const told = await look().then(
    () => 'the sides are equal',
    (/** @type {unknown} */ error) => String(error instanceof Error ? error.message : error),
  );
  const named = `"kind":"changed","key":{"id":"${id}"},"columns":["note"]`;
  if (!told.includes(named) || !told.includes('"missing":0,"extra":0,"changed":1')) {
    throw new Error(`the changed cell was not found: ${told.slice(-1000)}`);
  }
}

/**
 * @param {string} way
 * @param {ReadonlyMap<string, import('../sluice.mjs').Sample[]>} samples
 * @returns {import('../report.mjs').Line[]}
 */
function linesOf(way, samples) {
  const verified = samples.get(`verify ${way}`) ?? [];
  const ours = rateLine(`verify ${way}`, verified);
  const copy = rateLine(`copy ${way}`, samples.get(`copy ${way}`) ?? []);
  const peak = Math.max(...verified.map(({ usage }) => usage.peakBytes / BYTES_PER_MB));
  return [
    ours,
    { ...compared(ours, copy, { name: 'copy', atLeast: LEAST_SHARE }), ratioOf: 'verify ÷ copy' },
    { label: `verify ${way}, memory`, unit: 'MB', samples: [peak], atMost: MAX_MB },
  ];
}
