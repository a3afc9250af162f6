import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { column, planSink } from '../../../test/fixtures/mysql-sink.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('halving');
  await database.execute(`
    CREATE TABLE parent (id INT PRIMARY KEY);
    INSERT INTO parent VALUES (1);
    CREATE TABLE t (
      id INT PRIMARY KEY, parent INT, code INT UNIQUE, n INT, own INT, s VARCHAR(9) CHARACTER SET sjis,
      CONSTRAINT has_parent FOREIGN KEY (parent) REFERENCES parent (id),
      CONSTRAINT has_own FOREIGN KEY (own) REFERENCES t (id),
      CONSTRAINT small CHECK (n < 10))`);
});
afterAll(() => database.drop());

const columns = ['id', 'parent', 'code', 'n', 'own'].map((name) => column(name, 'int'));
const all = [...columns, column('s', 'text')];

/** What is wrong with a row, and the code of its reject. */
const faults = {
  none: { cells: ['1', null, '1', null, 'ok'], code: undefined },
  orphan: { cells: ['2', null, '1', null, 'ok'], code: 'foreign_key' },
  lonely: { cells: ['1', null, '1', '-7', 'ok'], code: 'foreign_key' },
  big: { cells: ['1', null, '10', null, 'ok'], code: 'check_violated' },
  clash: { cells: ['1', '5', '1', null, 'ok'], code: 'unique_clash' },
  script: { cells: ['1', null, '1', null, 'é'], code: 'value_type' },
  long: { cells: ['1', null, '1', null, '0123456789'], code: 'value_too_long' },
} as const;
type Fault = keyof typeof faults;

describe.each(['upsert', 'append'])('halving in %s', (mode) => {
  it('finds exactly the rows that the server refuses, and all others are in', async () => {
    const kinds = Object.keys(faults) as Fault[];
    const fault = fc.oneof({ weight: 30, arbitrary: fc.constant<Fault>('none') }, fc.constantFrom(...kinds));
    const lists = fc.array(fault, { minLength: 1, maxLength: 400 });
    await fc.assert(
      fc.asyncProperty(lists, async (list) => {
        await database.execute(
          'SET foreign_key_checks = 0; DELETE FROM t; SET foreign_key_checks = 1; INSERT INTO t (id, code) VALUES (-1, 5)',
        );
        const sink = await planSink(database, { options: { table: 't', mode }, columns: all, key: ['id'] });
        const written = await sink.write(list.map((kind, id) => [String(id), ...faults[kind].cells]));
        const expected = list.flatMap((kind, row) => (faults[kind].code ? [[row, faults[kind].code]] : []));
        expect(written.rejects.map(({ row, code }) => [row, code])).toEqual(expected);
        expect(written).toMatchObject({ written: list.length - expected.length, unchanged: 0 });
        const good = list.flatMap((kind, id) => (kind === 'none' ? [[String(id)]] : []));
        expect(await database.query('SELECT id FROM t WHERE id >= 0 ORDER BY id')).toEqual(good);
        await sink.close();
      }),
      { numRuns: 25, seed: 7 },
    );
  }, 120_000);
});

describe('writers side by side', () => {
  it('that meet each other’s rows in other orders write them all, deadlocks or not', async () => {
    await database.execute('CREATE TABLE busy (id INT PRIMARY KEY, code INT UNIQUE, v INT)');
    const busy = ['id', 'code', 'v'].map((name) => column(name, 'int'));
    const sink = await planSink(database, { options: { table: 'busy' }, columns: busy, key: ['id'] });
    await sink.write([['-1', '-1', '0']]);
    const lane = async (version: number) => {
      const writer = await sink.writer();
      for (let round = 0; round < 12; round++) {
        const rows = Array.from({ length: 300 }, (_, index) => {
          const id = String((index * (version % 2 === 0 ? 1 : 299) + 17 * round) % 300);
          return [id, id, String(1000 * version + round)];
        });
        const written = await writer.write(sink.batch(rows), `lane ${version}.${round}`);
        expect(written.written + written.unchanged).toBe(300);
      }
      await writer.close();
    };
    await Promise.all([lane(1), lane(2), lane(3)]);
    const [[count, versions] = []] = await database.query(
      'SELECT COUNT(*), COUNT(DISTINCT id = code) FROM busy',
    );
    expect([count, versions]).toEqual(['301', '1']);
    await sink.close();
  }, 120_000);
});
