import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliRun, type Project, project, sluice } from '../fixtures/cli.js';
import { createTable, dynamodbCall, dynamodbConnection, putItems, tableName } from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';

/** Text that means something to SQL, JSON, shells and terminals. */
const HOSTILE = `a'; DROP TABLE orders; -- \\"#,\u001b[31m\u202e{"x":1} ü😀`;

let database: TestDatabase;
let connections: Record<string, object>;
const items = tableName('trace');
const others = tableName('trace');
let made: Project;

/** Four copies, one of each pair of kinds, of the same orders. */
beforeAll(async () => {
  database = await testDatabase('trace');
  connections = { my: database.connection, dy: dynamodbConnection() };
  await database.execute(
    `CREATE TABLE orders (customer VARCHAR(80) NOT NULL, id INT NOT NULL, note VARCHAR(99) NULL, paid TINYINT NOT NULL,
       total DECIMAL(9,2) NULL, secret VARCHAR(9) NULL, PRIMARY KEY (customer, id));
     INSERT INTO orders VALUES ('a', 7, '', 1, 12.50, 'x'), ('a', 8, 'eight', 5, NULL, 'x'), ('b', 1, 'draft', 0, 1, NULL);
     CREATE TABLE copies LIKE orders; ALTER TABLE copies CHANGE total total DECIMAL(9,1) NULL;
     CREATE TABLE report (customer VARCHAR(80) NOT NULL, id INT NOT NULL, remark VARCHAR(4) NULL, PRIMARY KEY (customer, id))`,
  );
  await database.query(
    `INSERT INTO orders VALUES (x'${Buffer.from(HOSTILE).toString('hex')}', 9, 'odd', 0, 9.25, NULL)`,
  );
  await createTable(others, ['customer', 'S'], ['id', 'N']);
  made = await project({ pipeline: 'traced', connections, steps: steps() });
  await made.run(3);
});
afterAll(async () => {
  await made.remove();
  await database.drop();
});

const steps = () => [
  {
    copy: 'out',
    from: { connection: 'my', table: 'orders', where: "note <> 'draft'" },
    to: { connection: 'dy', table: items, create: true },
    map: { rename: { remark: 'note' }, drop: ['secret'], add: { origin: 'shop' }, as: { paid: 'bool' } },
    empty: 'null',
    rejects: { limit: 5 },
  },
  {
    copy: 'in',
    from: { connection: 'dy', table: items },
    to: { connection: 'my', table: 'report', mode: 'upsert' },
    map: { only: ['customer', 'id', 'remark'] },
    rejects: { limit: 5 },
  },
  {
    copy: 'across',
    from: { connection: 'my', table: 'orders' },
    to: { connection: 'my', table: 'copies' },
    rejects: { limit: 5 },
  },
  {
    copy: 'beside',
    from: { connection: 'dy', table: items, filter: 'origin = :o', values: { ':o': 'shop' } },
    to: { connection: 'dy', table: others },
    nulls: 'omit',
  },
];

interface TraceEvent {
  readonly outcome: string;
  readonly source: { found: boolean; row: Record<string, unknown>; leftOut?: string };
  readonly changes: { stage: string; column: string; before: unknown; after: unknown; reason: string }[];
  readonly sink: {
    found: boolean;
    key: object;
    expected: Record<string, string>;
    actual: Record<string, string>;
  };
  readonly differences: { column: string; expected?: string; actual?: string }[];
  readonly refused?: { code: string; column?: string };
  readonly rejects: { reason: string; run: string; attempts: number; settled?: { settled: string } }[];
  readonly runs: {
    run: string;
    end: string;
    complete: boolean;
    batch?: { token: string; committed: boolean };
  }[];
}

async function trace(status: number, key: string, ...args: string[]): Promise<TraceEvent> {
  const run = await made.command('trace', key, ...args);
  const event = run.events.find((one) => one['event'] === 'trace');
  if (run.status === status && event) return event as unknown as TraceEvent;
  throw new Error(told(run, status));
}

const told = (run: CliRun, status: number) =>
  `${run.status} instead of ${status}\n${run.stderr}\n${run.stdout}`;

describe('trace', () => {
  it('shows what map, as and empty make of a row from MySQL to DynamoDB, and the batch that had it', async () => {
    const found = await trace(0, 'a,7', '--step', 'out');
    expect(found.outcome).toBe('equal');
    expect(found.source.row).toMatchObject({
      id: { type: 'int', text: '7' },
      note: { type: 'text', text: '' },
    });
    expect(found.changes).toEqual([
      expect.objectContaining({ stage: 'map', column: 'remark', reason: 'renamed from note' }),
      { stage: 'map', column: 'origin', after: { type: 'text', text: 'shop' }, reason: 'added' },
      expect.objectContaining({ stage: 'map', column: 'secret', reason: 'dropped' }),
      { stage: 'as', column: 'paid', before: { type: 'int', text: '1' }, after: true, reason: 'as: bool' },
      {
        stage: 'empty',
        column: 'remark',
        before: { type: 'text', text: '' },
        after: null,
        reason: 'empty: null',
      },
    ]);
    expect(found.sink).toMatchObject({ key: { customer: 'a', id: '7' }, found: true });
    expect(found.sink.actual).toEqual(found.sink.expected);
    expect(found.sink.actual).toMatchObject({
      total: '{"N":"12.5"}',
      paid: '{"BOOL":true}',
      remark: '{"NULL":true}',
    });
    expect(found.runs).toMatchObject([
      { end: 'rejects', complete: true, batch: { token: '0.0', committed: true } },
    ]);
  });

  it('finds a row with a hostile key in every kind of source', async () => {
    const steps = { out: 'equal', in: 'equal', across: 'refused', beside: 'equal' };
    const traces = Object.entries(steps).map(async ([step, outcome]) => {
      const found = await trace(outcome === 'equal' ? 0 : 5, JSON.stringify([HOSTILE, 9]), '--step', step);
      expect(found.outcome).toBe(outcome);
      expect(JSON.stringify(found.source.row['customer'])).toContain('DROP TABLE');
    });
    await Promise.all(traces);
  });

  it('spells what could move the cursor or disguise a text on the terminal', async () => {
    const plain = await sluice(['trace', made.file, JSON.stringify({ id: 9, customer: HOSTILE })], {
      cwd: made.folder,
    });
    expect(plain.status).toBe(5);
    expect(plain.stdout).toContain('\\u001b[31m\\u202e');
    expect(['\u001b', '\u202e'].some((sign) => plain.stdout.includes(sign))).toBe(false);
  });

  it('tells of a reject, why, in which run, and after its replay that it was written', async () => {
    const before = await trace(5, 'a,8', '--step', 'out');
    expect(before).toMatchObject({
      outcome: 'refused',
      refused: { code: 'value_type', column: 'paid' },
      sink: { found: false },
      rejects: [{ reason: 'value_type', attempts: 1, column: 'paid' }],
    });
    expect(before.rejects[0]?.run).toBe(before.runs[0]?.run);
    await database.execute("UPDATE orders SET paid = 0 WHERE customer = 'a' AND id = 8");
    expect(await trace(5, 'a,8', '--step', 'out')).toMatchObject({
      outcome: 'missing',
      rejects: [{ attempts: 1 }],
    });
    await made.run(3);
    const after = await trace(0, 'a,8', '--step', 'out');
    expect(after.rejects.map(({ run }) => run)).toEqual(before.rejects.map(({ run }) => run));
    expect(after.runs.map(({ complete }) => complete)).toEqual([true, true]);
    const refused = await trace(5, JSON.stringify([HOSTILE, 9]), '--step', 'across');
    expect(refused).toMatchObject({ outcome: 'refused', rejects: [{ reason: 'value_inexact' }, {}] });
    await database.execute('ALTER TABLE copies MODIFY total DECIMAL(9,2) NULL');
    await made.command('replay', '--step', 'across');
    expect((await trace(0, JSON.stringify([HOSTILE, 9]), '--step', 'across')).rejects).toMatchObject([
      { reason: 'value_inexact', settled: { settled: 'written' } },
      {},
    ]);
  });

  it('shows what nulls and a filter do between two DynamoDB tables, and cells that differ', async () => {
    const key = { customer: { S: 'a' }, id: { N: '7' } };
    const equal = await trace(0, '{"id":7.0,"customer":"a"}', '--step', 'beside');
    expect(equal.changes).toEqual([
      { stage: 'nulls', column: 'remark', before: { attribute: { NULL: true } }, reason: 'nulls: omit' },
    ]);
    await dynamodbCall('PutItem', {
      TableName: others,
      Item: { ...key, total: { N: '12.50' }, more: { S: 'x' } },
    });
    const changed = await trace(5, 'a,7', '--step', 'beside');
    expect(changed.outcome).toBe('changed');
    expect(changed.differences).toContainEqual({ column: 'more', actual: '{"S":"x"}' });
    expect(changed.differences.map(({ column }) => column)).toEqual(['more', 'origin', 'paid']);
    await putItems(items, [{ customer: { S: 'z' }, id: { N: '1' }, origin: { S: 'elsewhere' } }]);
    const left = await trace(0, 'z,1', '--step', 'beside');
    expect(left).toMatchObject({ outcome: 'left_out', source: { leftOut: '`filter` leaves it out' } });
    await putItems(others, [{ customer: { S: 'z' }, id: { N: '2' } }]);
    expect(await trace(5, 'z,2', '--step', 'beside')).toMatchObject({
      outcome: 'extra',
      source: { found: false },
    });
  });

  it('says in MySQL, too, that a row is left out, extra, missing or changed', async () => {
    expect(await trace(0, 'b,1', '--step', 'out')).toMatchObject({
      outcome: 'left_out',
      source: { leftOut: '`where` leaves it out' },
    });
    await database.execute(
      `INSERT INTO report VALUES ('r', 1, NULL); INSERT INTO copies (customer, id, paid) VALUES ('c', 1, 0);
       UPDATE report SET remark = 'else' WHERE id = 7; DELETE FROM copies WHERE customer = 'b'`,
    );
    const asked = [
      trace(5, 'r,1', '--step', 'in'),
      trace(5, 'c,1', '--step', 'across'),
      trace(5, 'b,1', '--step', 'across'),
      trace(5, 'a,7', '--step', 'in'),
    ] as const;
    const [alone, other, gone, changed] = await Promise.all(asked);
    expect([alone.outcome, other.outcome]).toEqual(['extra', 'extra']);
    expect(gone).toMatchObject({ outcome: 'missing', sink: { found: false } });
    expect(changed.differences).toEqual([{ column: 'remark', expected: 'NULL', actual: 'else' }]);
  });

  it('refuses a key that does not fit or that no side has, without repeating it', async () => {
    const unfit = async (key: string, ...args: string[]) => {
      const run = await made.command('trace', key, ...args);
      expect([run.status, run.stderr]).toEqual([2, '']);
      expect(run.stdout).not.toContain('canary');
      return run.events.map(({ code, hint }) => [code, hint]);
    };
    const some = expect.any(String);
    const hint = 'write 2 values with commas between, or JSON: {"customer": …, "id": …}';
    const told = await Promise.all([
      unfit('canary'),
      unfit('a,canary', '--step', 'out'),
      unfit('{"customer":"a","canary":7}', '--step', 'in'),
      unfit('canary,7'),
      unfit('A,7', '--step', 'in'),
      unfit('a,7', '--step', 'canari'),
    ]);
    expect(told).toEqual([
      [['key_unfit', hint]],
      [['key_unfit', undefined]],
      [['key_unfit', some]],
      [['row_missing', some]],
      [['row_missing', some]],
      [['usage', some]],
    ]);
  });

  it('names the batch of a row, and what the ledger knows of it, after a run that was stopped', async () => {
    await database.execute(
      `CREATE TABLE many (id INT PRIMARY KEY, v VARCHAR(20) NOT NULL);
       INSERT INTO many SELECT seq, IF(seq = 140, 'too long a text', 'v') FROM seq_1_to_150;
       CREATE TABLE short (id INT PRIMARY KEY, v VARCHAR(5) NOT NULL)`,
    );
    const [from, to] = ['many', 'short'].map((table) => ({ connection: 'my', table }));
    const step = { copy: 'slow', from, to, pace: { items: 100 }, parallel: 1 };
    const stopped = await project({ pipeline: 'stopped', connections, steps: [step] });
    try {
      expect((await stopped.command('run')).status).toBe(4);
      const runOf = async (status: number, key: string) => {
        const run = await stopped.command('trace', key);
        expect(run.status).toBe(status);
        return (run.events[0] as unknown as TraceEvent).runs;
      };
      const recordedAt = expect.stringMatching(/^20\d\d-.*Z$/);
      const batch = { token: '0.0', committed: true, recordedAt };
      const runs = await Promise.all([runOf(0, '1'), runOf(0, '70'), runOf(5, '140')]);
      expect(runs).toMatchObject([
        [{ end: 'stopped', complete: false, batch }],
        [{ batch: { token: '0.1', committed: true, recordedAt } }],
        [{ batch: { token: '0.2', committed: false } }],
      ]);
    } finally {
      await stopped.remove();
    }
  });

  it('writes nothing: neither side nor the state folder changes', async () => {
    const before = await stateFiles();
    await made.command('trace', 'a,7');
    expect(await stateFiles()).toEqual(before);
  });
});

async function stateFiles(): Promise<string[]> {
  const entries = await readdir(join(made.folder, '.sluice'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return await Promise.all(files.sort().map(async (file) => `${file} ${await readFile(file, 'utf8')}`));
}
