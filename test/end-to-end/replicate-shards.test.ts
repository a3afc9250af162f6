/** The program against a stream whose shards close and split, throttles and expired iterators included: no engine here has more than one. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dynamodbConnection } from '../fixtures/dynamodb.js';
import { pipeline } from '../fixtures/in-process.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { SimulatedStream } from '../fixtures/simulated-stream.js';
import { serveSimulatedStream } from '../fixtures/simulated-stream-server.js';
import { type HistoryChange, randomHistory, seededRandom } from '../fixtures/stream-history.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('shards');
});
afterAll(() => database.drop());

const weather = {
  throttled: 0.05,
  failed: 0.02,
  expired: 0.05,
  empty: 0.2,
  emptyInRow: 3,
  repeated: 0.3,
  recordsOfPage: 20,
  shardsOfPage: 3,
};

/** What a table is after these changes. */
function tableAfter(changes: readonly HistoryChange[]): string[][] {
  const rows = new Map<string, string>();
  for (const { key, event, item } of changes) {
    if (event === 'remove') rows.delete(key);
    else rows.set(key, Object.values(item['n'] ?? {})[0] as string);
  }
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
}

it('mirrors a table whose stream has split many times', async () => {
  const random = seededRandom(11);
  const startMs = Date.now() - 120_000;
  const shape = { startMs, lastsMs: 60_000, changes: 400, keys: 12, closings: 12, lateMs: 5000 };
  const history = randomHistory(random, shape);
  const stream = new SimulatedStream(history, { now: Date.now }, random, weather);
  const server = await serveSimulatedStream(stream);
  try {
    await database.execute('CREATE TABLE items (id VARCHAR(10) PRIMARY KEY, n INT)');
    const { run } = await pipeline({
      pipeline: 'p',
      connections: {
        site: { ...dynamodbConnection(), endpoint: server.endpoint },
        aurora: database.connection,
      },
      steps: [
        {
          replicate: 'items',
          from: { connection: 'site', table: 'simulated', changes: 'oldest' },
          to: { connection: 'aurora', table: 'items', mode: 'mirror', load: { rows: 50 } },
          map: { only: { id: 'id', n: 'n' } },
        },
      ],
    });
    const { status, out, err } = await run({ drain: true, json: true });
    expect({ status, err }).toEqual({ status: 0, err: '' });
    const summary = JSON.parse(out.trim().split('\n').at(-1) ?? '{}') as { steps: object[] };
    expect(summary.steps[0]).toMatchObject({ read: history.changes.length, rejected: 0 });
    expect(await database.query('SELECT id, n FROM items ORDER BY id')).toEqual(tableAfter(history.changes));
    expect(history.shards.length).toBeGreaterThan(12);
  } finally {
    await server.stop();
  }
}, 120_000);
