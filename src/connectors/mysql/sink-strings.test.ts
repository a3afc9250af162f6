import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auroraOfFile } from '../../../test/fixtures/aurora.js';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { type ChangedRow, column, loadWays, openByWay, planSink } from '../../../test/fixtures/mysql-sink.js';

let database: TestDatabase;
const aurora = auroraOfFile();
beforeAll(async () => {
  database = await testDatabase('strings');
});
afterAll(() => database.drop());

const fixed = [
  '',
  ' ',
  '\\',
  '\\\\',
  '\\N',
  '\\n',
  'NULL',
  '"',
  '""',
  '"\\"',
  "'",
  "''",
  ',',
  '\n',
  '\r\n',
  '\t',
  '\0',
  '\x1a',
  '\b',
  'a,b',
  '"a","b"',
  'a\\',
  '\\"',
  '%',
  '_',
  '\\%',
  'é',
  '日本語',
  '😀',
  '👩‍👩‍👧',
  '\ufeff',
  '\u2028',
  '\ufffd',
  '\uffff',
  '\u{10ffff}',
  'a\0b',
  "'); DROP TABLE t; --",
];
const alphabet = [
  '\\',
  '"',
  "'",
  ',',
  '\n',
  '\r',
  '\t',
  '\0',
  '\x1a',
  'N',
  'n',
  '0',
  'a',
  ' ',
  'é',
  '字',
  '😀',
  '%',
];
const hostile = fc.oneof(
  fc.array(fc.constantFrom(...alphabet), { maxLength: 12 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);

describe.each(loadWays)('hostile strings by %s', (way) => {
  it('all come back as they went', async () => {
    await database.execute(
      'DROP TABLE IF EXISTS s; CREATE TABLE s (id INT PRIMARY KEY, a LONGTEXT, b LONGTEXT) COLLATE utf8mb4_bin',
    );
    const strings = hostileStrings();
    const sink = await openByWay({ database, aurora: aurora() }, way, 's', [
      column('id', 'int'),
      column('a', 'text'),
      column('b', 'text'),
    ]);
    const rows = strings.map((text, id) => [String(id), text, strings[strings.length - 1 - id] ?? '']);
    expect(await sink.write(rows)).toMatchObject({ written: strings.length, rejects: [] });
    expect(await wrongRows(strings)).toEqual([]);
    await sink.close();
  }, 120_000);
});

describe.each(['append', 'mirror'])('hostile strings as changes, by %s', (mode) => {
  it('all come back as they went', async () => {
    await database.execute(
      'DROP TABLE IF EXISTS s; CREATE TABLE s (id INT PRIMARY KEY, a LONGTEXT, b LONGTEXT) COLLATE utf8mb4_bin',
    );
    const strings = hostileStrings();
    const columns = ['id', 'a', 'b'].map((name) => column(name, 'attribute'));
    const sink = await planSink(database, {
      options: { table: 's', mode },
      columns,
      key: ['id'],
      open: true,
      changes: true,
    });
    const changed = strings.map((text, id): ChangedRow => {
      const other = strings[strings.length - 1 - id] ?? '';
      return [[{ N: String(id) }, { S: text }, { S: other }], { sequence: String(id) }];
    });
    expect(await sink.writeChanges(changed)).toMatchObject({ written: strings.length, rejects: [] });
    expect(await wrongRows(strings)).toEqual([]);
    await sink.close();
  }, 120_000);
});

function hostileStrings(): readonly string[] {
  const strings = [...fixed, ...fc.sample(hostile, { numRuns: 20_000, seed: 20261120 })];
  return strings.filter((text) => !/\p{Surrogate}/u.test(text));
}

/** Row `n` must hold the n-th string and the n-th from the end. */
async function wrongRows(strings: readonly string[]): Promise<unknown[]> {
  const found = await database.query('SELECT CAST(id AS CHAR), HEX(a), HEX(b) FROM s ORDER BY id');
  expect(found).toHaveLength(strings.length);
  return found.filter(
    ([, a, b], id) =>
      String(a) !== hexOf(strings[id]) || String(b) !== hexOf(strings[strings.length - 1 - id] ?? ''),
  );
}

function hexOf(text: string | undefined): string {
  return Buffer.from(text ?? '', 'utf8')
    .toString('hex')
    .toUpperCase();
}

describe.each(['LOAD DATA', 'INSERT'] as const)('a long text by %s', (way) => {
  it('goes in whole, beyond the size of a packet, or is a reject', async () => {
    await database.execute('DROP TABLE IF EXISTS l; CREATE TABLE l (id INT PRIMARY KEY, c LONGTEXT)');
    const sink = await openByWay(
      { database, aurora: aurora() },
      way,
      'l',
      [column('id', 'int'), column('c', 'text')],
      {
        key: ['id'],
      },
    );
    const long = 'é"\\\n'.repeat(4_000_000);
    expect(
      await sink.write([
        ['1', long],
        ['2', 'b'],
      ]),
    ).toMatchObject({ written: 2, rejects: [] });
    expect(await database.query('SELECT id, LENGTH(c), MD5(c) FROM l WHERE id = 1')).toEqual([
      ['1', String(Buffer.byteLength(long)), createHash('md5').update(long).digest('hex')],
    ]);
    await sink.close();
  });
});
