/** The model of model.test.ts against the real engine: what the simulated stream does is not made up. */
import { describe, expect, it } from 'vitest';
import { createTable, dynamodbCall, putItems, tableName } from '../../../../test/fixtures/dynamodb.js';
import { dynamodbEnds } from '../../../../test/fixtures/dynamodb-ends.js';
import { type HistoryChange, randomHistory, seededRandom } from '../../../../test/fixtures/stream-history.js';
import { type ModelOutcome, StreamModel } from '../../../../test/fixtures/stream-model.js';

const shape = { startMs: 0, lastsMs: 1000, changes: 60, keys: 4, closings: 0, lateMs: 0 };

/** Makes a share of the history before each life of the reader. */
async function lived(seed: number): Promise<{ made: readonly HistoryChange[]; outcome: ModelOutcome }> {
  const random = seededRandom(seed);
  const { changes } = randomHistory(random, shape);
  const table = tableName('model');
  await createTable(table, ['id', 'S'], undefined, 'NEW_AND_OLD_IMAGES');
  const ends = await dynamodbEnds();
  const lives = 2;
  let made = 0;
  const rest = async () => {
    const upTo = Math.min(changes.length, made + Math.ceil(changes.length / (lives + 1)));
    for (; made < upTo; made++) await make(table, changes[made]);
  };
  const ground = { feed: () => ends.feed({ table }), now: Date.now, rest, dawdle: async () => undefined };
  const plan = { begin: 'oldest' as const, lives, killed: 0.3, dawdles: 0, tailsMs: 1000 };
  try {
    return { made: changes, outcome: await new StreamModel(ground, random, plan).run() };
  } finally {
    await ends.close();
  }
}

async function make(table: string, change: HistoryChange | undefined): Promise<void> {
  if (!change) return;
  if (change.event === 'remove') await dynamodbCall('DeleteItem', { TableName: table, Key: change.item });
  else await putItems(table, [change.item]);
}

const told = (key: string, event: string, item: object) =>
  `${key} ${event} ${JSON.stringify(Object.entries(item).sort())}`;

describe('a reader of the stream of the real engine', () => {
  it('that is killed and started again gives each change once and in order', async () => {
    const worlds = await Promise.all([1, 2, 3, 4, 5].map(lived));
    for (const { made, outcome } of worlds) {
      expect(outcome.lostAt).toBeUndefined();
      const applied = outcome.applied.map(({ key, event, item }) => told(key, event, item));
      expect(applied).toEqual(made.map(({ key, event, item }) => told(key, event, item)));
    }
  }, 120_000);
});
