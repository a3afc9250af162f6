import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTable, dynamodbConnection, putItems, tableName } from '../fixtures/dynamodb.js';
import { type Pipeline, pipeline } from '../fixtures/in-process.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('backfill');
});
afterAll(() => database.drop());

/** Fires at 00:30Z until the clocks go back, and at 01:30Z from then on. */
const schedule = { cron: '30 2 * * ? *', zone: 'Europe/Berlin' };
const interval = 'at >= {{ firing.start }} AND at < {{ firing.end }}';

function declaration(from: object, { mode = 'append', ...others }: Record<string, unknown> = {}): object {
  return {
    pipeline: 'p',
    connections: { my: database.connection, dy: dynamodbConnection() },
    schedule,
    steps: [
      { copy: 'copy', from: { connection: 'my', ...from }, to: { connection: 'my', table: 'sink', mode } },
    ],
    ...others,
  };
}

beforeEach(async () => {
  await database.execute(
    `DROP TABLE IF EXISTS source, sink;
     CREATE TABLE source (id INT PRIMARY KEY, at DATETIME NOT NULL, KEY (at));
     INSERT INTO source SELECT seq, '2026-10-23 00:00' + INTERVAL seq * 30 MINUTE FROM seq_1_to_200;
     CREATE TABLE sink (id INT, at DATETIME, CHECK (id <> 130))`,
  );
});

const idsBetween = async (start: string, end: string) =>
  (await database.query(`SELECT id FROM source WHERE at >= '${start}' AND at < '${end}' ORDER BY id`)).flat();
const sinkIds = async () => (await database.query('SELECT id FROM sink ORDER BY id')).flat();

async function firings({ folder }: Pipeline): Promise<string[]> {
  const runs = join(folder, '.sluice', 'p', 'runs');
  const texts = await Promise.all(
    (await readdir(runs)).sort().map((name) => readFile(join(runs, name), 'utf8')),
  );
  return texts.map((text) => JSON.parse(text.split('\n')[0] ?? '').firing.time);
}

describe('sluice run --from --to', () => {
  it('runs each firing of the range once, over the day on which the clocks go back', async () => {
    await database.execute('ALTER TABLE sink DROP CONSTRAINT CONSTRAINT_1');
    const made = await pipeline(declaration({ table: 'source', where: interval }));
    const { status, err } = await made.run({ from: '2026-10-24T02:30', to: '2026-10-26T02:30' });
    expect([status, err]).toEqual([0, expect.stringContaining('a run for each of 2 firings')]);
    expect(await firings(made)).toEqual(['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z']);
    expect(await sinkIds()).toEqual(await idsBetween('2026-10-24 00:30', '2026-10-26 01:30'));
  });

  it('stops at the first firing that fails, and goes on there with the same command', async () => {
    const made = await pipeline(declaration({ table: 'source', where: interval }));
    const range = { from: '2026-10-23T02:30', to: '2026-10-26T02:30' };
    const first = await made.run(range);
    expect([first.status, first.err]).toEqual([4, expect.stringContaining('stopped at firing 3 of 3')]);
    const other = await made.run({ at: '2026-10-24T02:30' });
    expect([other.status, other.err]).toEqual([2, expect.stringContaining('finish it first')]);
    const limited = declaration({ table: 'source', where: interval });
    const step = { ...Object(limited).steps[0], rejects: { limit: 1 } };
    const again = await made.runAs({ ...limited, steps: [step] }, range);
    expect([again.status, again.err]).toEqual([3, expect.stringContaining('a run for 1 firing')]);
    const wanted = await idsBetween('2026-10-23 00:30', '2026-10-26 01:30');
    expect(await sinkIds()).toEqual(wanted.filter((id) => id !== '130'));
    expect(await firings(made)).toHaveLength(3);
  });

  it('goes on after a firing that was complete when the program was killed between two runs', async () => {
    await database.execute('ALTER TABLE sink DROP CONSTRAINT CONSTRAINT_1');
    const made = await pipeline(declaration({ table: 'source', where: interval }));
    const range = { from: '2026-10-23T02:30', to: '2026-10-26T02:30' };
    await made.run({ from: '2026-10-23T02:30', to: '2026-10-24T02:30' });
    const runs = join(made.folder, '.sluice', 'p', 'runs');
    const [name = ''] = await readdir(runs);
    const text = await readFile(join(runs, name), 'utf8');
    await writeFile(
      join(runs, name),
      text.replace('"2026-10-24T00:30:00.000Z"]', '"2026-10-26T01:30:00.000Z"]'),
    );
    expect((await made.run(range)).err).toContain('1 done before');
    expect(await sinkIds()).toEqual(await idsBetween('2026-10-23 00:30', '2026-10-26 01:30'));
  });

  it('without a schedule is one run of the interval', async () => {
    const made = await pipeline({
      ...declaration({ table: 'source', where: interval }),
      schedule: undefined,
    });
    const refused = await made.run();
    expect([refused.status, refused.err]).toEqual([2, expect.stringContaining('--from and --to')]);
    expect((await made.run({ from: '2026-10-23', to: '2026-10-24' })).status).toBe(0);
    expect(await sinkIds()).toEqual(await idsBetween('2026-10-23', '2026-10-24'));
  });
});

describe('a firing', () => {
  it.each([
    [
      'a condition in local time',
      { table: 'source', where: 'at >= {{ firing.localStart }} AND at < {{ firing.localEnd }}' },
      '2026-10-24 02:30',
      '2026-10-25 02:30',
    ],
    [
      'a query',
      { query: `SELECT * FROM source WHERE ${interval} AND '{{x}}' <> ''` },
      '2026-10-24 00:30',
      '2026-10-25 00:30',
    ],
    [
      'several readers',
      { table: 'source', where: interval, consistency: 'part' },
      '2026-10-24 00:30',
      '2026-10-25 00:30',
    ],
  ])('is given to %s', async (_name, from, start, end) => {
    const made = await pipeline(declaration(from));
    expect((await made.run({ at: '2026-10-25T02:30' })).status).toBe(0);
    expect(await sinkIds()).toEqual(await idsBetween(start, end));
  });

  it('of the last run is what verify compares', async () => {
    await database.execute('DROP TABLE sink; CREATE TABLE sink (id INT PRIMARY KEY, at DATETIME)');
    const made = await pipeline(declaration({ table: 'source', where: interval }, { mode: 'replace' }));
    expect((await made.run({ at: '2026-10-25T02:30' })).status).toBe(0);
    expect((await made.verify()).status).toBe(0);
    await database.execute('DELETE FROM sink LIMIT 1');
    expect((await made.verify()).status).toBe(5);
  });

  it('is text in the values of a filter and in the sort keys of a query', async () => {
    const table = tableName('firing');
    await createTable(table, ['kind', 'S'], ['at', 'S']);
    const at = (hour: number) => `2026-10-24T${String(hour).padStart(2, '0')}:30:00.000Z`;
    await putItems(
      table,
      Array.from({ length: 24 }, (_, hour) => ({ kind: { S: 'a' }, at: { S: at(hour) } })),
    );
    await database.execute('DROP TABLE sink; CREATE TABLE sink (kind VARCHAR(9), at VARCHAR(40))');
    const sources = [
      {
        filter: 'at >= :from AND at < :to',
        values: { ':from': '{{ firing.start }}', ':to': '{{firing.end}}' },
      },
      { query: { partition: 'a', sort: { from: '{{ firing.start }}', to: '{{ firing.end }}' } } },
    ];
    for (const source of sources) {
      const made = await pipeline(declaration({ connection: 'dy', table, ...source }, { mode: 'replace' }));
      expect((await made.run({ at: '2026-10-24T02:30' })).status).toBe(0);
      expect((await database.query('SELECT at FROM sink')).flat()).toEqual([]);
      expect((await made.run({ at: '2026-10-25T02:30' })).status).toBe(0);
      const found = (await database.query('SELECT at FROM sink ORDER BY at')).flat();
      expect(found).toEqual(Array.from({ length: 24 }, (_, hour) => at(hour)));
    }
  });
});
