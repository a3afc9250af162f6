/** A replicate as a function: what a real stream gives, in Lambda's form, into a real server. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeployedWorld, deployedWorld, listedRejects } from '../../../test/fixtures/deployed-world.js';
import {
  createTable,
  dynamodbCall,
  dynamodbConnection,
  type Item,
  putItems,
  tableName,
} from '../../../test/fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { type HandedRecord, streamEvent, streamRecords } from '../../../test/fixtures/stream-event.js';
import type { RejectRecord } from '../../engine/rejects.js';
import { type OpenFollower, openFollower } from '../../flow/handed/open-follower.js';
import { replayRejects } from '../../flow/rejects.js';
import { followEvent } from './follow.js';

const LIMIT_MS = 120_000;
const never = new AbortController().signal;
let database: TestDatabase;
const grounds: Ground[] = [];

beforeAll(async () => {
  database = await testDatabase('follow');
});
afterAll(async () => {
  await Promise.all(grounds.map(({ close }) => close()));
  await database.drop();
});

interface Ground {
  readonly table: string;
  readonly into: string;
  readonly rejects: RejectRecord[];
  /** With another declaration, if one is given. */
  open(more?: object): Promise<OpenFollower>;
  deliver(
    follower: OpenFollower,
    records: readonly HandedRecord[],
    stop?: AbortSignal,
  ): ReturnType<typeof followEvent>;
  rows(): Promise<(string | null | Buffer)[][]>;
  /** Sends the rejects again, by the declaration that was opened last. */
  replay(): Promise<object>;
  close(): Promise<void>;
}

const append = { parse: ['payload'], map: { only: { id: 'id', hits: 'payload.hits' } } };

async function ground(
  options: { readonly to?: object; readonly step?: object; readonly columns?: string } = {},
) {
  const table = tableName('hits');
  const into = table.replaceAll('-', '_');
  await createTable(table, ['id', 'S'], undefined, 'NEW_AND_OLD_IMAGES');
  await database.execute(`CREATE TABLE ${into} (${options.columns ?? 'id VARCHAR(20), hits INT'})`);
  const rejects: RejectRecord[] = [];
  const worlds: DeployedWorld[] = [];
  const open = async (more: object = {}) => {
    const deployed = await deployedWorld({
      pipeline: 'web',
      connections: { site: dynamodbConnection(), report: database.connection },
      steps: [
        {
          replicate: 'hits',
          from: { connection: 'site', table },
          to: { connection: 'report', table: into, mode: 'append', ...options.to },
          rejects: { limit: 100 },
          ...(options.step ?? append),
          ...more,
        },
      ],
    });
    worlds.push(deployed);
    const [step] = deployed.world.declaration.steps;
    if (step?.kind !== 'replicate') throw new Error('the step is a replicate');
    return await openFollower(deployed.world, step, listedRejects(rejects));
  };
  const made: Ground = {
    table,
    into,
    rejects,
    open,
    deliver: (follower, records, stop = never) => followEvent(follower, streamEvent(records), stop),
    rows: () => database.query(`SELECT * FROM ${into} ORDER BY 1, 2`),
    replay: async () => {
      const [{ world } = {}] = worlds.slice(-1);
      if (!world) throw new Error('nothing was opened');
      const of = { run: world.run, step: 'hits' };
      const request = { rejects: { ...of, records: rejects, settled: 0 }, records: rejects };
      return await replayRejects(world, request, { check: async () => undefined }, never);
    },
    close: async () => {
      await Promise.all(worlds.map(({ close }) => close()));
    },
  };
  grounds.push(made);
  return made;
}

const hit = (id: number, payload = `{"hits":${id}}`): Item => ({
  id: { S: `h${id}` },
  payload: { S: payload },
});
const hits = (count: number) => Array.from({ length: count }, (_, index) => hit(index));
const rowsOf = (...ids: number[]) => ids.map((id) => [`h${id}`, `${id}`]);
const done = { batchItemFailures: [] };

describe.concurrent('a function that is handed changes', { timeout: LIMIT_MS }, () => {
  it('loads each once, in whatever batches they come again', async () => {
    const made = await ground();
    await putItems(made.table, hits(9));
    const records = await streamRecords(made.table);
    const follower = await made.open();
    const first = await made.deliver(follower, records.slice(0, 6));
    expect(first.answer).toEqual(done);
    expect(first.outcome.counts).toMatchObject({ read: 6, written: 6 });
    await follower.close();
    // Another function takes over, as after one whose answer was lost: the whole, the halves, and what overlaps.
    const next = await made.open();
    const whole = await made.deliver(next, records.slice(0, 6));
    expect(whole.outcome.counts).toMatchObject({ read: 6, written: 0, unchanged: 6 });
    for (const [start, end] of [
      [0, 3],
      [3, 6],
      [2, 5],
    ] as const) {
      const half = await made.deliver(next, records.slice(start, end));
      expect([half.answer, half.outcome.counts.written]).toEqual([done, 0]);
    }
    const more = await made.deliver(next, records.slice(4));
    expect(more.outcome.counts).toMatchObject({ read: 5, written: 3, unchanged: 2 });
    await next.close();
    expect(await made.rows()).toEqual(rowsOf(0, 1, 2, 3, 4, 5, 6, 7, 8));
  });

  it('takes changes of two shards for two, though they have the same number', async () => {
    const made = await ground();
    await putItems(made.table, hits(2));
    const [one, other] = (await streamRecords(made.table)) as [HandedRecord, HandedRecord];
    const { SequenceNumber } = one.dynamodb;
    const same = { ...other, dynamodb: { ...other.dynamodb, SequenceNumber } };
    const follower = await made.open();
    for (const record of [one, same, same, one]) {
      expect((await made.deliver(follower, [record])).answer).toEqual(done);
    }
    await follower.close();
    expect(await made.rows()).toEqual(rowsOf(0, 1));
  });

  it('keeps what cannot be loaded, once, and loads the others', async () => {
    const made = await ground({ columns: 'id VARCHAR(20) PRIMARY KEY, hits INT' });
    await database.execute(`INSERT INTO ${made.into} VALUES ('h3', 0)`);
    await putItems(made.table, [hit(0), hit(1, '{cut'), hit(2), hit(3)]);
    const records = await streamRecords(made.table);
    const follower = await made.open();
    const { answer, outcome } = await made.deliver(follower, records);
    expect(answer).toEqual(done);
    expect(outcome.counts).toMatchObject({ read: 4, written: 2, rejected: 2 });
    const again = await made.deliver(follower, records.slice(1));
    await follower.close();
    expect(again.outcome.counts).toMatchObject({ read: 3, written: 0, unchanged: 1, rejected: 2 });
    const known = new Set(
      made.rejects.map(({ change, index, reason }) => `change.${change?.sequence} ${index} ${reason}`),
    );
    expect(new Set(made.rejects.map(({ token }) => token)).size).toBe(2);
    const sequence = (place: number) => records[place]?.dynamodb.SequenceNumber;
    expect([...known].sort()).toEqual(
      [`change.${sequence(1)} 0 parse_failed`, `change.${sequence(3)} 0 unique_clash`].sort(),
    );
    expect(made.rejects.find(({ reason }) => reason === 'parse_failed')?.row).toMatchObject({
      payload: { attribute: { S: '{cut' } },
    });
    expect(await made.rows()).toEqual([
      ['h0', '0'],
      ['h2', '2'],
      ['h3', '0'],
    ]);
  });

  it('loads what comes before the first change beyond the limit, and names that one', async () => {
    const made = await ground();
    await putItems(made.table, [hit(0), hit(1), hit(2, '{cut'), hit(3), hit(4)]);
    const records = await streamRecords(made.table);
    const strict = await made.open({ rejects: { limit: 0 } });
    const { answer, outcome } = await made.deliver(strict, records);
    await strict.close();
    const cut = records[2]?.dynamodb.SequenceNumber;
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: cut }] });
    expect(outcome.failure?.error).toMatchObject({ code: 'rejects_exceeded' });
    expect(await made.rows()).toEqual(rowsOf(0, 1));
    // Mended: it goes on with that change, and nothing is there twice, replayed or not.
    const mended = await made.open({ parse: undefined, map: { only: { id: 'id' } } });
    expect((await made.deliver(mended, records)).answer).toEqual(done);
    await mended.close();
    const all = ['h0', 'h1', 'h2', 'h3', 'h4'];
    expect((await made.rows()).map(([id]) => id)).toEqual(all);
    expect(made.rejects).toHaveLength(1);
    expect(await made.replay()).toMatchObject({ written: 0, unchanged: 1, rejected: 0 });
    expect((await made.rows()).map(([id]) => id)).toEqual(all);
  });

  it('names the first change that it had no time for', async () => {
    const made = await ground({ to: { load: { rows: 2 } } });
    await putItems(made.table, hits(6));
    const records = await streamRecords(made.table);
    const follower = await made.open({ pace: { items: 2 } });
    const stop = new AbortController();
    const working = made.deliver(follower, records, stop.signal);
    while ((await made.rows()).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    stop.abort(new Error('time is over'));
    const { answer } = await working;
    await follower.close();
    const loaded = (await made.rows()).length;
    expect(loaded).toBeLessThan(6);
    expect(answer.batchItemFailures).toEqual([{ itemIdentifier: records[loaded]?.dynamodb.SequenceNumber }]);
  });

  it('keeps a mirror as its source is, whatever comes again', async () => {
    const made = await ground({
      to: { mode: 'mirror' },
      step: { map: { only: { id: 'id', hits: 'hits' } } },
      columns: 'id VARCHAR(20) COLLATE utf8mb4_bin PRIMARY KEY, hits INT',
    });
    const put = (id: string, count: number) =>
      putItems(made.table, [{ id: { S: id }, hits: { N: `${count}` } }]);
    await put('a', 1);
    await put('b', 1);
    await put('a', 2);
    await dynamodbCall('DeleteItem', { TableName: made.table, Key: { id: { S: 'b' } } });
    const records = await streamRecords(made.table);
    expect(records.map(({ eventName }) => eventName)).toEqual(['INSERT', 'INSERT', 'MODIFY', 'REMOVE']);
    const follower = await made.open();
    await made.deliver(follower, records);
    const late = await made.deliver(follower, records.slice(0, 2));
    await follower.close();
    expect(late.outcome.counts).toMatchObject({ read: 2, written: 0, unchanged: 2 });
    expect(await made.rows()).toEqual([['a', '2']]);
  });
});
