import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folderWith } from '../../test/fixtures/declaration-files.js';
import { declarationHash } from '../declare/hash.js';
import { loadDeclaration, parseDeclaration } from '../declare/load.js';
import type { SluiceError } from '../errors.js';
import { writeStarter } from './starter.js';
import { testDeclaration } from './test-declaration.js';

const kinds = {
  my: { kind: 'mysql', host: '127.0.0.1', user: 'app', password: { env: 'PW' }, database: 'web' },
  dy: { kind: 'dynamodb', region: 'eu-west-1' },
};
const env = { PW: 'x' };

function declared(step: object, from: 'my' | 'dy', to: 'my' | 'dy') {
  const ends = { from: { connection: from, table: 'aaa' }, to: { connection: to, table: 'bbb' } };
  const steps = [{ copy: 'a', ...ends, ...step }];
  const text = JSON.stringify({ pipeline: 'p', connections: kinds, maskKey: { env: 'K' }, steps });
  return parseDeclaration(text, 'p.yaml', { env });
}

/** What each test differs in; status last. */
async function told(step: object, from: 'my' | 'dy', to: 'my' | 'dy', json = true) {
  const lines: string[] = [];
  const io = { cwd: '.', env, color: false, out: (text: string) => lines.push(text), err: () => undefined };
  const status = await testDeclaration(await declared(step, from, to), io as never, { json });
  if (!json) return { status, lines };
  return { status, differences: lines.slice(0, -1).map((line) => JSON.parse(line).differences) };
}

const test = (given: unknown, rows?: unknown, more: object = {}) => ({ name: 'n', given, rows, ...more });

it('items are AttributeValues or plain, and types count where the sink is DynamoDB', async () => {
  const given = { id: { N: '7.50' }, s: 'x', l: [1, { S: 'y' }], m: { a: null }, set: { SS: ['b', 'a'] } };
  const same = {
    id: { N: '7.5' },
    s: { S: 'x' },
    l: { L: [{ N: '1' }, { M: { S: { S: 'y' } } }] },
    m: { a: null },
    set: { SS: ['a', 'b'] },
  };
  expect(await told({ tests: [test(given, same)] }, 'dy', 'dy')).toEqual({
    status: 5,
    differences: [[{ kind: 'row', place: 1, column: 'l', expected: '[1, {"S": "y"}]', got: '[1, "y"]' }]],
  });
  const other = test({ id: '7', n: 7 }, { id: 7, n: 7, more: null });
  expect(await told({ tests: [other] }, 'dy', 'dy')).toMatchObject({
    differences: [
      [
        { column: 'id', expected: '7', got: '"7"' },
        { column: 'more', expected: 'null' },
      ],
    ],
  });
  expect(await told({ tests: [other] }, 'dy', 'my')).toMatchObject({ status: 0 });
});

it('rows of MySQL have typed columns, go through map, as, row and mask, and arrive as items', async () => {
  const step = {
    map: { rename: { key: 'id' }, as: { paid: 'bool' } },
    empty: 'null',
    mask: { name: 'redact', email: 'hash' },
    tests: [
      test(
        {
          id: 1,
          total: '10.50',
          made: '2026-11-01T05:00:00',
          paid: 1,
          note: '',
          name: 'Ann',
          email: 'a@b.c',
          raw: 'aGk=',
        },
        {
          key: 1,
          total: { N: '10.5' },
          made: '2026-11-01 05:00:00',
          paid: true,
          note: null,
          name: 'redacted',
          email: 'what it was',
          raw: { B: 'aGk=' },
        },
        { columns: { total: 'decimal', made: 'datetime', raw: 'bytes' } },
      ),
    ],
  };
  const { differences } = (await told(step, 'my', 'dy')) as { differences: { column: string }[][] };
  expect(differences[0]?.map(({ column }) => column)).toEqual(['email']);
});

it('rejects are named by code, column and a part of the message; rows too many or too few are shown', async () => {
  const step = {
    parse: ['p'],
    check: { type: 'object', required: ['a'] },
    tests: [
      test(
        [{ p: '{"a":1}' }, { p: '{}' }, { p: '{' }],
        { p: { a: 1 } },
        {
          rejects: [{ code: 'check_failed', column: 'p', message: "'a'" }, 'parse_failed'],
        },
      ),
      test({ p: '{}' }, { p: {} }),
      test({ p: '{"a":1}' }, undefined, { rejects: 'check_failed' }),
    ],
  };
  const { status, differences } = await told(step, 'dy', 'my');
  expect({ status, differences }).toEqual({
    status: 5,
    differences: [
      [],
      [
        { kind: 'row', place: 1, expected: '{"p": {}}' },
        { kind: 'reject', place: 1, got: "check_failed (p): p must have required property 'a' (required)" },
      ],
      [
        { kind: 'row', place: 1, got: '{"p": {"a": 1}}' },
        { kind: 'reject', place: 1, expected: 'check_failed' },
      ],
    ],
  });
  const { lines } = (await told(step, 'dy', 'my', false)) as { lines: string[] };
  expect(lines.at(-1)).toBe('3 tests, 2 failed');
  expect(lines[1]).toContain('✗ a: n\n    row 1\n      - {"p": {}}\n    reject 1\n');
});

it('a map that does not fit the columns fails the test, and no tests are a mistake', async () => {
  const step = { map: { drop: ['none'] }, tests: [test({ id: 1 }, { id: 1 })] };
  expect(await told(step, 'my', 'dy')).toMatchObject({
    status: 5,
    differences: [[{ got: expect.stringContaining('column_missing') }]],
  });
  await expect(told({}, 'my', 'dy')).rejects.toMatchObject({ code: 'usage' });
});

it('a test that expects nothing, or holds a fraction, is a mistake of the declaration', async () => {
  const mistakes = await declared({ tests: [test({ n: 1.5 })] }, 'my', 'dy').catch(
    (error: SluiceError) => error,
  );
  expect((mistakes as SluiceError).problems.map(({ path, code }) => [path, code])).toEqual([
    ['steps[0].tests[0]', 'missing_field'],
    ['steps[0].tests[0].given.n', 'wrong_value'],
  ]);
});

it('tests do not make another declaration of it', async () => {
  const [one, other] = await Promise.all([
    declared({}, 'my', 'dy'),
    declared({ tests: [test({ a: 1 }, { a: 1 })] }, 'my', 'dy'),
  ]);
  expect(declarationHash(one)).toBe(declarationHash(other));
});

it.each(['batch', 'users'])('the tests of the starter %s pass', async (flow) => {
  const folder = await folderWith({});
  const file = join(folder, await writeStarter(flow, folder, false));
  const io = { cwd: folder, env, color: false, out: () => undefined, err: () => undefined };
  expect(await testDeclaration(await loadDeclaration(file, { env }), io as never, {})).toBe(0);
});

it('the tests of the example pass', async () => {
  const io = { cwd: '.', env, color: false, out: () => undefined, err: () => undefined };
  expect(
    await testDeclaration(await loadDeclaration('examples/web-hits.yaml', { env }), io as never, {}),
  ).toBe(0);
});
