import { NullEndpoint } from '../null-endpoint.mjs';
import { Sluice } from '../sluice.mjs';
import { interleave } from '../statistics.mjs';
import { filled } from './batch-in.mjs';
import { counted } from './batch-out.mjs';

const BYTES_PER_MB = 1024 * 1024;
const MAX_MB = 180;
const MAX_GROWTH = 1.2;

/**
 * Peak resident memory of the whole run at `parallel: 4`, of few rows and of twenty times as many.
 * @param {import('../main.mjs').Setting} setting
 * @returns {Promise<import('../report.mjs').Result>}
 */
export async function rss({ database, sizes, memoryRounds, log }) {
  const { fewRows: few, manyRows: many } = sizes;
  const endpoint = await NullEndpoint.start([few, many]);
  try {
    await database.fill('orders_few', few);
    await database.fill('orders_many', many);
    const sluice = new Sluice(database, endpoint, 4);
    log(`rss: ${few} and ${many} rows, out and in`);
    const out = (/** @type {string} */ table, /** @type {number} */ rows) =>
      counted(endpoint, rows, () => sluice.copyOut(table));
    const back = (/** @type {string} */ table, /** @type {number} */ rows) =>
      filled(database, table, () => sluice.copyIn(`canned-${rows}`, 'received'));
    const samples = await interleave(
      memoryRounds,
      new Map([
        ['out, few', () => out('orders_few', few)],
        ['out, many', () => out('orders_many', many)],
        ['in, few', () => back('orders_few', few)],
        ['in, many', () => back('orders_many', many)],
      ]),
    );
    const lines = ['out', 'in'].flatMap((way) => linesOf(way, few, many, samples));
    return { measurement: 'rss', title: 'peak memory of a whole run, parallel: 4', lines, notes: [] };
  } finally {
    await endpoint.stop();
  }
}

/**
 * The worst sample counts, not the median: memory is a promise.
 * @param {string} way
 * @param {number} few
 * @param {number} many
 * @param {ReadonlyMap<string, { usage: import('../program.mjs').Usage }[]>} samples
 * @returns {import('../report.mjs').Line[]}
 */
function linesOf(way, few, many, samples) {
  const peaks = (/** @type {string} */ size) =>
    (samples.get(`${way}, ${size}`) ?? []).map(({ usage }) => usage.peakBytes / BYTES_PER_MB);
  const [small, large] = [Math.max(...peaks('few')), Math.max(...peaks('many'))];
  return [
    { label: `${way}, ${few} rows`, unit: 'MB', samples: [small], atMost: MAX_MB },
    { label: `${way}, ${many} rows`, unit: 'MB', samples: [large], atMost: MAX_MB },
    { label: `${way}, growth`, unit: '×', samples: [large / small], atMost: MAX_GROWTH },
  ];
}
