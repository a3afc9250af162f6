import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { openSource, readRows } from '../../../test/fixtures/mysql-source.js';
import type { Context } from '../connector.js';
import type { Window } from '../window.js';
import { timeText, withVariables } from './placeholders.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('window');
  await database.execute(
    `CREATE TABLE t (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, stamp TIMESTAMP(6) NULL, at DATETIME(6), day DATE,
       KEY (at), KEY (stamp));
     INSERT INTO t (stamp, at, day) SELECT d, d, DATE(d) FROM
       (SELECT '2026-11-01 00:00:00' + INTERVAL FLOOR(seq / 3) MICROSECOND AS d FROM seq_0_to_29) AS ties;
     CREATE TABLE many (id INT PRIMARY KEY, at DATETIME(6), stamp TIMESTAMP(6), pad CHAR(200) DEFAULT 'x', KEY (at), KEY (stamp));
     INSERT INTO many SELECT seq, '2026-01-01' + INTERVAL seq MINUTE, '2026-01-01' + INTERVAL seq MINUTE, 'x' FROM seq_1_to_20000;
     ANALYZE TABLE many`,
  );
});
afterAll(() => database.drop());

const at = (micros: number) => `2026-11-01 00:00:00.${String(micros).padStart(6, '0')}`;

async function idsIn(column: string, window: Window): Promise<number[]> {
  const opened = await openSource(database, { table: 't', since: { column } }, { window });
  const rows = await readRows(opened.source);
  await opened.close();
  return rows.map(([id]) => Number(id));
}

describe('a window', () => {
  it.each(['at', 'stamp'])(
    'of %s parts no rows of equal times: what one leaves the next takes',
    async (column) => {
      const bounds = [undefined, at(0), at(2), at(2), at(7), at(9), at(10)];
      const windows = bounds.slice(1).map((to, index) => {
        const from = bounds[index];
        return {
          kind: 'time' as const,
          ...(from === undefined ? {} : { from }),
          ...(to === undefined ? {} : { to }),
        };
      });
      const found: number[][] = [];
      for (const window of windows) found.push(await idsIn(column, window));
      expect(found.map((ids) => ids.length)).toEqual([0, 6, 0, 15, 6, 3]);
      expect(found.flat()).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
    },
  );

  it('of numbers takes its upper bound in and leaves its lower one out', async () => {
    expect(await idsIn('id', { kind: 'number', from: '3', to: '5' })).toEqual([4, 5]);
    expect(await idsIn('id', { kind: 'number', to: '2' })).toEqual([1, 2]);
    expect(await idsIn('id', { kind: 'number', from: '3', to: '3' })).toEqual([]);
    expect(await idsIn('id', { kind: 'number' })).toEqual([]);
  });

  it.each([
    ['at', 0],
    ['id', 0],
    ['day', 1],
  ] as const)(
    'of %s is warned of where all rows would be looked through for it',
    async (column, warnings) => {
      const opened = await openSource(database, { table: 't', since: { column } });
      const { findings } = await opened.source.describe();
      await opened.close();
      expect(
        findings.filter(({ message }) => message.includes(`no index begins with ${column}`)),
      ).toHaveLength(warnings);
    },
  );

  it('is cut from what the declared where leaves, whatever that says', async () => {
    const where = 'id < 8 OR id > 28 -- the rest is old';
    const options = { table: 't', where, since: { column: 'id' }, consistency: 'part' };
    const opened = await openSource(database, options, { window: { kind: 'number', from: '6', to: '29' } });
    expect((await readRows(opened.source, 3)).map(([id]) => Number(id))).toEqual([7, 29]);
    await opened.close();
  });

  it('ends where the source is: the largest number, or the clock of the server and the digits of the column', async () => {
    const tops = [];
    for (const column of ['id', 'stamp', 'at', 'day']) {
      const opened = await openSource(database, { table: 't', since: { column } });
      tops.push(await opened.source.top?.());
      await opened.close();
    }
    const now = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/);
    expect(tops).toEqual([
      { kind: 'number', max: '30', nulls: false },
      { kind: 'time', now, fraction: 6, isInstant: true, nulls: false },
      { kind: 'time', now, fraction: 6, isInstant: false, nulls: false },
      { kind: 'time', now, fraction: 'day', isInstant: false, nulls: false },
    ]);
  });
});

const firing = {
  time: '2026-01-03T00:00:00.000Z',
  start: '2026-01-02T00:00:00.000Z',
  end: '2026-01-03T00:00:00.000Z',
};
const between = (column: string) => `${column} >= {{ firing.start }} AND ${column} < {{ firing.end }}`;

describe('a firing in a where', () => {
  it.each(['at', 'stamp'])('lets an index on %s serve', async (column) => {
    const opened = await openSource(database, { table: 'many', where: between(column) }, { firing });
    expect((await opened.source.describe()).rows).toBeLessThan(2000);
    const variables = new Map(
      (['start', 'end'] as const).map((name) => [`@sluice_firing_${name}`, timeText(firing[name])]),
    );
    const [line] = await opened.connections.withConnection(opened.context.context, async (session) => {
      await session.bind(variables);
      return await session.records(
        `EXPLAIN SELECT * FROM many WHERE ${withVariables(between(column)).sql} ORDER BY id`,
      );
    });
    expect([line?.get('type'), line?.get('key')]).toEqual(['range', column]);
    expect(await readRows(opened.source)).toHaveLength(1440);
    await opened.close();
  });

  it('reaches the server as a parameter, and no value as text', async () => {
    const hostile = "2026-01-02 00:00:00' OR '1'='1";
    const values = { ...firing, start: hostile } as Context['firing'];
    const opened = await openSource(database, { table: 'many', where: between('at') }, { firing: values });
    const thread = await opened.connections.withConnection(
      opened.context.context,
      async (session) => session.threadId,
    );
    await database.execute("SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = ON");
    await readRows(opened.source).catch(() => undefined);
    await database.execute('SET GLOBAL general_log = OFF');
    const log = await database.query(
      `SELECT command_type, CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE thread_id = ${thread}`,
    );
    await opened.close();
    const said = log.map(([kind, text]) => [String(kind), String(text)] as const);
    const prepared = said.filter(([kind]) => kind === 'Prepare').map(([, text]) => text);
    expect(prepared).toContain('SET @sluice_firing_start = ?, @sluice_firing_end = ?');
    const queries = said.filter(([kind]) => kind === 'Query').map(([, text]) => text);
    expect(queries.join('\n')).toContain('CAST(@sluice_firing_start AS DATETIME(6))');
    expect(queries.join('\n')).not.toContain('2026-01-0');
  });
});
