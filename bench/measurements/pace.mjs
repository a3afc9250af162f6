import { copyKeys, shuffled } from '../keyed-copy.mjs';
import { NullEndpoint } from '../null-endpoint.mjs';

const SECOND_MS = 1000;
/** Of its time by the pace. */
const MAX_TIME_RATIO = 1.05;

/** Items a second, and how many items go at it. */
const paces = [
  { items: 0.2, of: 4 },
  { items: 1, of: 20 },
  { items: 50, of: 1000 },
  { items: 20_000, of: 200_000 },
];

/**
 * Chosen items at a pace, by the clock of the endpoint that they come to: the fullest second of any beginning, and the
 * time from the first to the last against that of the pace.
 * @param {import('../main.mjs').Setting} setting
 * @returns {Promise<import('../report.mjs').Result>}
 */
export async function pace({ log }) {
  const most = Math.max(...paces.map(({ of }) => of));
  const endpoint = await NullEndpoint.start([], [most]);
  const ids = shuffled(most);
  /** @type {import('../report.mjs').Line[]} */
  const lines = [];
  try {
    for (const { items, of } of paces) {
      log(`pace: ${of} items at ${items} a second`);
      await endpoint.reset();
      const from = { url: endpoint.url, table: `items-${most}` };
      await copyKeys(from, endpoint.url, ids.slice(0, of), { items });
      lines.push(...linesOf(await endpoint.arrivals(), items));
    }
  } finally {
    await endpoint.stop();
  }
  return { measurement: 'pace', title: 'chosen items → null DynamoDB, at a pace', lines, notes: [] };
}

/**
 * @param {[number, number][]} arrivals
 * @param {number} items a second
 * @returns {import('../report.mjs').Line[]}
 */
function linesOf(arrivals, items) {
  // A slow pace lets one item pass at a time: a second holds one or none.
  const allowed = Math.ceil(items);
  const fullest = fullestSecond(arrivals);
  const took = ((arrivals.at(-1)?.[0] ?? 0) - (arrivals[0]?.[0] ?? 0)) / SECOND_MS;
  const sum = arrivals.reduce((total, [, count]) => total + count, 0);
  const due = (sum - (arrivals[0]?.[1] ?? 0)) / items;
  return [
    {
      label: `${items} a second, the fullest second`,
      unit: 'items',
      samples: [fullest],
      ratio: fullest / allowed,
      ratioOf: 'fullest ÷ pace',
      atMost: 1,
    },
    {
      label: `${items} a second, ${sum} items`,
      unit: 's',
      samples: [took],
      ratio: took / due,
      ratioOf: 'time ÷ its time',
      atMost: MAX_TIME_RATIO,
    },
  ];
}

/** @param {[number, number][]} arrivals */
function fullestSecond(arrivals) {
  let [first, held, most] = [0, 0, 0];
  for (const [ms, items] of arrivals) {
    held += items;
    for (let oldest = arrivals[first]; oldest && ms - oldest[0] >= SECOND_MS; oldest = arrivals[first]) {
      held -= oldest[1];
      first++;
    }
    most = Math.max(most, held);
  }
  return most;
}
