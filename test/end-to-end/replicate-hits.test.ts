/** The flow of examples/web-analytics.yaml on 5,000 hits, 125 of them bad in six ways. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createTable, dynamodbConnection, putItems, tableName } from '../fixtures/dynamodb.js';
import { pipeline } from '../fixtures/in-process.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { type Hit, hasWebAnalytics, hitSchema, hits } from '../fixtures/web-analytics.js';

const columns = `timestarted TIMESTAMP(3), page_id VARCHAR(64), hits INT, start_time VARCHAR(20), end_time VARCHAR(20), country_code CHAR(2)`;
const select = 'SELECT page_id, hits, start_time, end_time, country_code FROM';

interface Document {
  steps: Record<string, unknown>[];
}

let database: TestDatabase;
let given: readonly Hit[];
const source = tableName('hits');

beforeAll(async () => {
  database = await testDatabase('hits');
  if (!hasWebAnalytics) return;
  given = await hits();
  await createTable(source, ['page_id', 'S'], ['activity_dt', 'S'], 'NEW_AND_OLD_IMAGES');
  await putItems(
    source,
    given.map(({ item }) => item),
  );
}, 600_000);
afterAll(() => database.drop());

/** The example, on the test's own servers, into another table. */
async function example(sink: string, schema: object): Promise<object> {
  const file = resolve(import.meta.dirname, '../../examples/web-analytics.yaml');
  const document = parse(await readFile(file, 'utf8')) as Document;
  const [step] = document.steps;
  await database.execute(`CREATE TABLE ${sink} (${columns})`);
  return {
    ...document,
    connections: { site: dynamodbConnection(), aurora: database.connection },
    steps: [
      {
        ...step,
        from: { ...Object(step?.['from']), table: source },
        to: { ...Object(step?.['to']), table: sink, load: { rows: 700 } },
        check: schema,
      },
    ],
  };
}

function rowOf({ item }: Hit): (string | null)[] {
  const payload = JSON.parse((item['payload'] as { S: string }).S) as {
    Hits: number;
    session: { start_timestamp: string; stop_timestamp: string };
    device: { location: { country?: string } };
  };
  const { session, device } = payload;
  const { country = null } = device.location;
  const page = (item['page_id'] as { S: string }).S;
  return [page, String(payload.Hits), session.start_timestamp, session.stop_timestamp, country];
}

const sorted = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).sort();

/** The schema as it should have been: a country may be missing. */
function mended(schema: string): object {
  const changed = JSON.parse(schema) as {
    properties: { device: { properties: { location: { required: string[] } } } };
  };
  changed.properties.device.properties.location.required = ['latitude', 'longitude'];
  return changed;
}

describe.runIf(hasWebAnalytics)('5,000 hits', () => {
  it('end as 4,875 rows and 125 rejects, which a mended schema turns into what a clean run gives', async () => {
    const schema = await hitSchema();
    const first = await example('hits', JSON.parse(schema) as object);
    const { run, runAs, replay, rejects } = await pipeline(first);
    const told = await run({ drain: true, json: true });
    expect(told.err).toBe('');
    expect(told.status).toBe(3);
    const good = given.filter(({ why }) => why === undefined);
    expect(good).toHaveLength(4875);
    expect(sorted(await database.query(`${select} hits`))).toEqual(sorted(good.map(rowOf)));
    expect(
      await database.query('SELECT COUNT(*) FROM hits WHERE timestarted > NOW() - INTERVAL 1 DAY'),
    ).toEqual([['4875']]);

    const reasons = (await rejects()).map(({ reason }) => reason);
    expect(reasons).toHaveLength(125);
    expect(reasons.filter((reason) => reason === 'parse_failed')).toHaveLength(21);
    expect(reasons.filter((reason) => reason === 'check_failed')).toHaveLength(104);

    const second = { ...first, steps: [{ ...Object((first as Document).steps[0]), check: mended(schema) }] };
    const placeless = given.filter(({ why }) => why === undefined || why === 'no country');
    expect((await replay(second)).out).toMatch(/hits\s+23\s+0\s+102/);
    expect(sorted(await database.query(`${select} hits`))).toEqual(sorted(placeless.map(rowOf)));
    expect((await replay(second)).out).toMatch(/hits\s+0\s+0\s+102/);

    const clean = await pipeline(await example('clean', mended(schema)));
    expect((await clean.run({ drain: true })).status).toBe(3);
    expect(sorted(await database.query(`${select} clean`))).toEqual(
      sorted(await database.query(`${select} hits`)),
    );

    // With the mended schema it goes on from where it was: nothing is read twice.
    const again = await runAs(second, { drain: true, json: true });
    expect(again.out).toMatch(/"read":0,/);
  }, 600_000);
});
