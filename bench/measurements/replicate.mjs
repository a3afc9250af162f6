import { idleLags } from '../lag.mjs';
import { NullEndpoint } from '../null-endpoint.mjs';
import { compared, rateLine } from '../report.mjs';
import { runDeclaration } from '../sluice.mjs';
import { interleave, median } from '../statistics.mjs';
import { filled } from './batch-in.mjs';

const BYTES_PER_MB = 1024 * 1024;
const MAX_MB = 180;
const MAX_GROWTH = 1.2;
const MAX_LAG_MS = 2000;
const LOAD_TARGET = 0.6;
const SHARDS = 4;
/** By then the heap of a program has its size; from fewer it still grows. */
const SETTLED_RECORDS = 300_000;
/** Shares of the records with which memory is measured. */
const FEW = 0.1;
const SOME = 0.3;

/** @typedef {'append' | 'mirror'} Mode */
/** @typedef {import('../sluice.mjs').Sample} Sample */

/**
 * The whole program tails canned streams into MySQL, of one shard and of four, by append and by mirror, against `LOAD DATA` of
 * a prepared file of the same rows; its peak memory with few, some and many records; and how long one change takes through a
 * program that waits for it. The rows that arrived are compared by CHECKSUM TABLE.
 * @param {import('../main.mjs').Setting} setting
 * @returns {Promise<import('../report.mjs').Result>}
 */
export async function replicate(setting) {
  const { database, sizes, log } = setting;
  const [few, some, many] = [Math.round(sizes.rows * FEW), Math.round(sizes.rows * SOME), sizes.rows];
  const single = [0, few, some, many].map((records) => ({ records, shards: 1 }));
  const endpoint = await NullEndpoint.start([], [], [...single, { records: many, shards: SHARDS }]);
  try {
    await database.empty('orders_0');
    for (const records of [few, some, many]) await database.fill(`orders_${records}`, records);
    const follower = new Follower(database, endpoint);
    const speed = await speedOf(setting, follower, many);
    const memory = await memoryOf(setting, follower, [few, some]);
    log(`replicate: ${sizes.lagChanges} changes, one after the other, on an idle system`);
    const lags = await idleLags(database, sizes.lagChanges);
    const peaks = new Map([...memory, ...peaksOf(speed, many)]);
    return {
      measurement: 'replicate',
      title: `canned stream → MySQL, ${many} records, sluice run --drain`,
      lines: [...speedLines(speed), ...memoryLines(peaks, [few, some, many]), ...lagLines(lags)],
      notes: [
        'lag: from the put of an item into a real engine until its row can be read, to.load.seconds: 1 (the default)',
      ],
    };
  } finally {
    await endpoint.stop();
  }
}

/** Our side: the built command line drains a canned stream in a fresh state folder. */
class Follower {
  #database;
  #endpoint;

  /**
   * @param {import('../database.mjs').Database} database
   * @param {NullEndpoint} endpoint
   */
  constructor(database, endpoint) {
    this.#database = database;
    this.#endpoint = endpoint;
  }

  /**
   * Throws unless every record was given once and each row is there.
   * @param {Mode} mode
   * @param {number} records
   * @param {number} [shards]
   * @returns {Promise<Sample>}
   */
  async drain(mode, records, shards = 1) {
    await this.#database.execute('DROP TABLE IF EXISTS sluice_sequences, sluice_ledger');
    await this.#endpoint.reset();
    const declaration = {
      pipeline: 'bench',
      connections: {
        shop: this.#database.connection,
        stage: { kind: 'dynamodb', region: 'eu-west-1', endpoint: this.#endpoint.url },
      },
      steps: [
        {
          replicate: 'orders',
          from: { connection: 'stage', table: `stream-${records}-${shards}` },
          to: { connection: 'shop', table: 'received', mode },
        },
      ],
    };
    const environment = { BENCH_PASSWORD: this.#database.password };
    const sample = await filled(this.#database, `orders_${records}`, () =>
      runDeclaration(declaration, { flags: ['--drain'], environment }),
    );
    const { streamed } = await this.#endpoint.counts();
    if (streamed !== records || sample.rows !== records) {
      throw new Error(`${records} records, ${streamed} of them read and ${sample.rows} written`);
    }
    return sample;
  }
}

/**
 * @param {import('../main.mjs').Setting} setting
 * @param {Follower} follower
 * @param {number} records
 */
async function speedOf({ database, rounds, log }, follower, records) {
  /** @type {Map<string, () => Promise<any>>} */
  const runs = new Map([
    ['append', () => follower.drain('append', records)],
    [
      'LOAD DATA',
      () =>
        filled(database, `orders_${records}`, async () => {
          const seconds = await database.load('received', records);
          return { seconds, net: seconds, rows: records };
        }),
    ],
    ['mirror', () => follower.drain('mirror', records)],
    ['append again', () => follower.drain('append', records)],
    ['append, shards', () => follower.drain('append', records, SHARDS)],
    ['mirror, shards', () => follower.drain('mirror', records, SHARDS)],
    ['nothing', () => follower.drain('append', 0)],
  ]);
  log(`replicate: ${rounds} rounds of ${[...runs.keys()].join(', ')}`);
  return await interleave(rounds, runs);
}

/** @param {ReadonlyMap<string, Sample[]>} samples */
function speedLines(samples) {
  const rate = (/** @type {string} */ label, /** @type {string} */ name) =>
    rateLine(label, samples.get(name) ?? []);
  const append = rate('append, 1 shard', 'append');
  const limit = rate('LOAD DATA of a prepared file', 'LOAD DATA');
  /** @type {(label: string, name: string) => import('../report.mjs').Line} */
  const against = (label, name) => {
    const line = rate(label, name);
    const { ratio = 0 } = compared(line, limit, { name: 'LOAD DATA' });
    return { ...line, ratio, ratioOf: 'sluice ÷ LOAD DATA' };
  };
  const nothing = samples.get('nothing') ?? [];
  const idle = {
    seconds: median(nothing.map(({ seconds }) => seconds)),
    net: median(nothing.map(({ net }) => net)),
  };
  /** @type {(label: string, name: string) => import('../report.mjs').Line} */
  const alone = (label, name) => {
    const line = rateLine(
      label,
      (samples.get(name) ?? []).map(({ seconds, net, rows }) => ({
        rows,
        seconds: seconds - idle.seconds,
        net: net - idle.net,
      })),
    );
    const { ratio = 0 } = compared(line, limit, { name: 'LOAD DATA' });
    return { ...line, ratio, ratioOf: 'sluice ÷ LOAD DATA', atLeast: LOAD_TARGET };
  };
  return [
    append,
    compared(append, rate('append again (A/A)', 'append again'), { name: 'sluice' }),
    compared(append, limit, { name: 'LOAD DATA' }),
    alone('append, 1 shard, the records alone', 'append'),
    against(`append, ${SHARDS} shards`, 'append, shards'),
    alone(`append, ${SHARDS} shards, the records alone`, 'append, shards'),
    against('mirror, 1 shard, all keys new', 'mirror'),
    against(`mirror, ${SHARDS} shards, all keys new`, 'mirror, shards'),
    {
      label: 'a stream without records',
      unit: /** @type {const} */ ('ms'),
      samples: nothing.map(({ seconds }) => seconds * 1000),
      net: nothing.map(({ net }) => net * 1000),
    },
  ];
}

/**
 * @param {import('../main.mjs').Setting} setting
 * @param {Follower} follower
 * @param {readonly number[]} sizes
 */
async function memoryOf({ memoryRounds, log }, follower, sizes) {
  log(`replicate: ${sizes.join(' and ')} records`);
  const modes = /** @type {Mode[]} */ (['append', 'mirror']);
  const runs = modes.flatMap((mode) =>
    sizes.map(
      (records) => /** @type {const} */ ([`${mode}, ${records}`, () => follower.drain(mode, records)]),
    ),
  );
  const samples = await interleave(memoryRounds, new Map(runs));
  return new Map([...samples].map(([name, some]) => [name, peakMb(some)]));
}

/**
 * @param {ReadonlyMap<string, Sample[]>} speed
 * @param {number} records
 */
function peaksOf(speed, records) {
  const of = (/** @type {string} */ name) => peakMb(speed.get(name) ?? []);
  return new Map([
    [`append, ${records}`, Math.max(of('append'), of('append again'))],
    [`mirror, ${records}`, of('mirror')],
    [`append, ${records}, ${SHARDS} shards`, of('append, shards')],
    [`mirror, ${records}, ${SHARDS} shards`, of('mirror, shards')],
  ]);
}

/**
 * The worst sample counts, not the median: memory is a promise.
 * @param {readonly Sample[]} samples
 */
function peakMb(samples) {
  return Math.max(...samples.map(({ usage }) => usage.peakBytes / BYTES_PER_MB));
}

/**
 * @param {ReadonlyMap<string, number>} peaks
 * @param {readonly [few: number, some: number, many: number]} sizes
 * @returns {import('../report.mjs').Line[]}
 */
function memoryLines(peaks, [few, some, many]) {
  const growth = (/** @type {string} */ mode, /** @type {number} */ from) =>
    (peaks.get(`${mode}, ${many}`) ?? 0) / (peaks.get(`${mode}, ${from}`) ?? 0);
  const target = some >= SETTLED_RECORDS ? { atMost: MAX_GROWTH } : {};
  return [
    ...[...peaks].map(([label, peak]) => ({
      label: `memory: ${label}`,
      unit: /** @type {const} */ ('MB'),
      samples: [peak],
      atMost: MAX_MB,
    })),
    ...['append', 'mirror'].flatMap((mode) => [
      {
        label: `memory: ${mode}, growth from ${few}`,
        unit: /** @type {const} */ ('×'),
        samples: [growth(mode, few)],
      },
      {
        label: `memory: ${mode}, growth from ${some}`,
        unit: /** @type {const} */ ('×'),
        samples: [growth(mode, some)],
        ...target,
      },
    ]),
  ];
}

/**
 * @param {number[]} lags
 * @returns {import('../report.mjs').Line[]}
 */
function lagLines(lags) {
  const longest = Math.max(...lags);
  return [
    { label: `lag of a change, ${lags.length} times`, unit: 'ms', samples: lags, atMost: MAX_LAG_MS },
    { label: 'lag, the longest', unit: 'ms', samples: [longest], atMost: MAX_LAG_MS },
  ];
}
