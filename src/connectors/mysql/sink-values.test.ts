import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auroraOfFile } from '../../../test/fixtures/aurora.js';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { column, openByWay } from '../../../test/fixtures/mysql-sink.js';
import type { Cell } from '../../values/cell.js';
import type { LogicalType } from '../../values/column.js';
import type { Refused } from '../connector.js';

let database: TestDatabase;
const aurora = auroraOfFile();
beforeAll(async () => {
  database = await testDatabase('values');
});
afterAll(() => database.drop());

interface Case {
  /** The column's type, in SQL. */
  readonly type: string;
  readonly from: LogicalType;
  /** A cell, and what the server shows of it (HEX() of bytes), or the code of its reject. */
  readonly cells: readonly (readonly [Cell, string | null | { readonly code: string }])[];
}

/** One case a line. `{"hex": …}` are bytes, `{"absent": true}` is no attribute. */
const cases = readFileSync(new URL('../../../test/fixtures/mysql-values.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => {
    const { type, from, cells } = JSON.parse(line) as Case;
    return { type, from, cells: cells.map(([cell, expected]) => [cellOf(cell), expected] as const) };
  });

function cellOf(written: unknown): Cell {
  const { hex, absent } = (written ?? {}) as { hex?: string; absent?: true };
  if (absent) return undefined;
  return hex === undefined ? (written as Cell) : Buffer.from(hex, 'hex');
}

const no = (code: string) => ({ code });

describe.each(['LOAD DATA', 'INSERT'] as const)('values by %s', (way) => {
  it.each(cases.map((entry) => [`${entry.type} from ${entry.from}`, entry] as const))(
    '%s are exact or rejects, straight into the table and by the stage',
    async (_, { type, from, cells }) => {
      await database.execute(`DROP TABLE IF EXISTS v; CREATE TABLE v (id INT PRIMARY KEY, c ${type})`);
      const sink = await openByWay(
        { database, aurora: aurora() },
        way,
        'v',
        [column('id', 'int'), column('c', from)],
        {
          key: ['id'],
        },
      );
      expect(sink.plan.findings.filter(({ level }) => level === 'refuse')).toEqual([]);
      const rows = cells.map(([cell], id) => [String(id), cell]);
      const count = cells.filter(([, expected]) => expected === null || typeof expected === 'string').length;
      const outcomes = async (rejects: readonly Refused[]) => {
        const rejected = new Map(rejects.map(({ row, code }) => [row, code]));
        const found = await database.query(`SELECT CAST(id AS CHAR), ${shown(type)} FROM v ORDER BY id`);
        const stored = new Map(
          found.map(([id, value]) => [Number(id), value === null ? null : String(value)]),
        );
        return cells.map((__, id) => (rejected.has(id) ? no(rejected.get(id) ?? '') : stored.get(id)));
      };
      const expected = cells.map(([, value]) => value);
      const direct = await sink.write(rows);
      expect(await outcomes(direct.rejects)).toEqual(expected);
      expect(await sink.write(rows)).toEqual({ ...direct, written: 0, unchanged: count });
      await database.execute('DELETE FROM v WHERE id % 2 = 0; UPDATE v SET c = NULL');
      const staged = await sink.write(rows);
      expect(await outcomes(staged.rejects)).toEqual(expected);
      await sink.close();
    },
  );
});

/** A table of all types: each cell is a row, and NULL in the columns of others. */
it('values of all types are exact or rejects by LOAD DATA FROM S3, straight into the table and by the stage', async () => {
  const definitions = cases.map(({ type }, index) => `c${index} ${type}`);
  await database.execute(
    `DROP TABLE IF EXISTS v; CREATE TABLE v (id INT PRIMARY KEY, ${definitions.join(', ')})`,
  );
  const columns = cases.map(({ from }, index) => column(`c${index}`, from));
  const all = cases.flatMap(({ cells }, index) => cells.map(([cell, value]) => ({ index, cell, value })));
  const rows = all.map(({ index, cell }, id) => [
    String(id),
    ...cases.map((_, other) => (other === index ? cell : null)),
  ]);
  const ground = { database, aurora: aurora() };
  const sink = await openByWay(ground, 'LOAD DATA FROM S3', 'v', [column('id', 'int'), ...columns], {
    key: ['id'],
  });
  const cellsShown = cases.map(({ type }, index) => shown(type, `c${index}`));
  const outcomes = async (rejects: readonly Refused[]) => {
    const found = await database.query(
      `SELECT CAST(id AS CHAR), ${cellsShown.join(', ')} FROM v ORDER BY id`,
    );
    const stored = new Map(found.map(([id, ...values]) => [Number(id), values]));
    const rejected = new Map(rejects.map(({ row, code }) => [row, no(code)]));
    return all.map(({ index }, id) => {
      const value = stored.get(id)?.[index];
      return rejected.get(id) ?? (Buffer.isBuffer(value) ? String(value) : value);
    });
  };
  const expected = all.map(({ value }) => value);
  const direct = await sink.write(rows);
  expect(await outcomes(direct.rejects)).toEqual(expected);
  await database.execute('DELETE FROM v WHERE id % 2 = 0');
  const staged = await sink.write(rows);
  expect(await outcomes(staged.rejects)).toEqual(expected);
  expect(await aurora().keys()).toEqual([]);
  await sink.close();
}, 120_000);

function shown(type: string, name = 'c'): string {
  return /^(BIT|BINARY|VARBINARY|LONGBLOB|POINT)/.test(type)
    ? hexShown(type, name)
    : `CONVERT(${name} USING utf8mb4)`;
}

function hexShown(type: string, name: string): string {
  const bits = /BIT\((\d+)\)/.exec(type)?.[1];
  return bits === undefined ? `HEX(${name})` : `LPAD(HEX(${name}), ${2 * Math.ceil(Number(bits) / 8)}, '0')`;
}
