import { Engine } from '../engine.mjs';
import { copyKeys, shuffled } from '../keyed-copy.mjs';
import { NullEndpoint } from '../null-endpoint.mjs';
import { findPython, runOld } from '../peers.mjs';
import { compared, rateLine } from '../report.mjs';
import { interleave } from '../statistics.mjs';

const OLD_TARGET = 20;
/** At most so many times slower than the sink by itself. */
const LIMIT_TARGET = 1 / 1.5;
const BYTES_PER_MB = 1024 * 1024;
const MAX_MB = 180;

/**
 * The items that a list names, from one DynamoDB table to another without a pace: between two engines against what the
 * second takes from memory and against the old code; and between null endpoints, for the client's own limit.
 * @param {import('../main.mjs').Setting} setting
 * @returns {Promise<import('../report.mjs').Result>}
 */
export async function keys({ sizes, rounds, log }) {
  const [source, sink] = [await Engine.start(), await Engine.start()];
  const endpoint = await NullEndpoint.start([], [sizes.cannedKeys]);
  try {
    log(`keys: filling a table with ${sizes.keyedItems} items`);
    await source.empty('users');
    await source.load('users', shuffled(sizes.keyedItems));
    const contest = await contestants({ source, sink, endpoint }, sizes);
    log(`keys: ${rounds} rounds of ${[...contest.runs.keys()].join(', ')}`);
    const samples = await interleave(rounds, contest.runs);
    return {
      measurement: 'keys',
      title: `DynamoDB → DynamoDB, the items of a list of ${sizes.keyedItems} keys`,
      lines: linesOf(samples, sizes),
      notes: contest.notes,
    };
  } finally {
    await endpoint.stop();
    await sink.stop();
    await source.stop();
  }
}

/**
 * @typedef {object} Ends
 * @property {Engine} source
 * @property {Engine} sink
 * @property {NullEndpoint} endpoint
 *
 * @typedef {import('../sluice.mjs').Sample} Sample
 */

/**
 * @param {Ends} ends
 * @param {import('../main.mjs').Sizes} sizes
 */
async function contestants({ source, sink, endpoint }, sizes) {
  const ids = shuffled(sizes.keyedItems);
  /**
   * @template T
   * @param {readonly number[]} expected
   * @param {() => Promise<T>} measure
   */
  const held = async (expected, measure) => {
    await sink.empty('users');
    const sample = await measure();
    await sink.assertHolds('users', expected);
    return sample;
  };
  /** @type {Map<string, () => Promise<any>>} */
  const runs = new Map();
  const ours = () => held(ids, () => copyKeys({ url: source.url, table: 'users' }, sink.url, ids));
  runs.set('sluice', ours);
  runs.set('memory', () =>
    held(ids, async () => {
      const seconds = await sink.load('users', ids);
      return { seconds, net: seconds, rows: ids.length };
    }),
  );
  runs.set('sluice again', ours);
  const canned = shuffled(sizes.cannedKeys);
  runs.set('null', () => copyCanned(endpoint, canned));
  const notes = [];
  const old = await findPython();
  if ('skipped' in old) notes.push(`old code: skipped, ${old.skipped}`);
  else {
    const few = ids.slice(0, sizes.oldKeyedItems);
    const places = { from: source.url, to: sink.url, queue: endpoint.url, table: 'users', into: 'users' };
    const job = { ...places, keys: few.join('\n') };
    runs.set('old', () => held(few, () => runOld(old.python, 'keys.py', job)));
  }
  return { runs, notes };
}

/**
 * @param {ReadonlyMap<string, Sample[]>} samples
 * @param {import('../main.mjs').Sizes} sizes
 * @returns {import('../report.mjs').Line[]}
 */
function linesOf(samples, sizes) {
  const of = (/** @type {string} */ name) => samples.get(name) ?? [];
  const ours = rateLine('sluice', of('sluice'));
  const canned = of('null');
  const lines = [
    ours,
    compared(ours, rateLine('sluice again (A/A)', of('sluice again')), { name: 'sluice' }),
    compared(ours, rateLine('BatchWriteItem from memory', of('memory')), {
      name: 'sink',
      atLeast: LIMIT_TARGET,
    }),
  ];
  if (samples.has('old')) {
    const theirs = rateLine(`old code, first ${sizes.oldKeyedItems} keys`, of('old'));
    lines.push(compared(ours, theirs, { name: 'old', atLeast: OLD_TARGET }));
  }
  const peak = Math.max(...canned.map(({ usage }) => usage.peakBytes / BYTES_PER_MB));
  const label = `null endpoint, ${sizes.cannedKeys} keys`;
  lines.push(rateLine(label, canned), {
    label: `${label}, memory`,
    unit: 'MB',
    samples: [peak],
    atMost: MAX_MB,
  });
  return lines;
}

/**
 * @param {NullEndpoint} endpoint
 * @param {readonly number[]} ids
 */
async function copyCanned(endpoint, ids) {
  await endpoint.reset();
  const sample = await copyKeys({ url: endpoint.url, table: `items-${ids.length}` }, endpoint.url, ids);
  const { written } = await endpoint.counts();
  if (written !== ids.length) throw new Error(`${ids.length} items were named, ${written} arrived`);
  return sample;
}
