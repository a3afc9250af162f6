import { describe, expect, test } from 'vitest';
import { folderWith } from '../../../test/fixtures/declaration-files.js';
import { SluiceError } from '../../errors.js';
import type { CopyStep } from '../declaration.js';
import { declarationHash } from '../hash.js';
import { loadDeclaration } from '../load.js';

const env = { PW: 'x' };

/** A program whose step begins in line 8, with these fields and what stands before it. */
function program(fields: string, before = ''): string {
  return `import { copy, pipeline } from 'sluice';
${before}
const connections = {
  shop: { kind: 'mysql', host: '127.0.0.1', user: 'app', password: { env: 'PW' }, database: 'shop' },
  stage: { kind: 'dynamodb', region: 'eu-west-1' },
} as const;
export default pipeline({ pipeline: 'p', connections, steps: [
  copy({
    copy: 'a',
    from: { connection: 'shop', table: 't' },
    to: { connection: 'stage', table: 'ttt' },
    ${fields}
  }),
] });
`;
}

async function load(text: string, name = 'p.ts', others: Readonly<Record<string, string>> = {}) {
  const folder = await folderWith({ [name]: text, ...others });
  return await loadDeclaration(name, { env, cwd: folder });
}

async function problems(text: string, name?: string, others?: Readonly<Record<string, string>>) {
  const error: unknown = await load(text, name, others).then(undefined, (each: unknown) => each);
  if (!(error instanceof SluiceError) || error.code !== 'declaration_invalid') throw error;
  return error.problems.map(({ line, path, message, code }) => `${line} ${path} ${message} (${code})`);
}

describe('a program that declares', () => {
  test('may have row functions, and what they need from elsewhere', async () => {
    const text = program(
      'row: (row) => ({ ...row, total: double(3n) }),',
      "import { double } from './double.ts';",
    );
    const others = { 'double.ts': 'export const double = (n: bigint): bigint => n * 2n;\n' };
    const { steps, code } = await load(text, 'p.ts', others);
    const { row } = steps[0] as CopyStep;
    expect(row?.({ id: 1n })).toEqual({ id: 1n, total: 6n });
    expect(code).toMatch(/^[0-9a-f]{64}$/);
  });

  test('has another hash when a function that it uses changes', async () => {
    const text = program('row: (row) => ({ ...row, total: f() }),', "import { f } from './f.ts';");
    const hashWith = async (f: string) => declarationHash(await load(text, 'p.ts', { 'f.ts': f }));
    const one = await hashWith('export const f = (): bigint => 1n;\n');
    expect(await hashWith('export const f = (): bigint => 1n;\n')).toBe(one);
    expect(await hashWith('export const f = (): bigint => 2n;\n')).not.toBe(one);
  });

  test('is JavaScript as well', async () => {
    const text = program('').replace(' as const', '');
    expect((await load(text, 'p.mjs')).pipeline).toBe('p');
    expect((await load(text, 'p.js')).pipeline).toBe('p');
    expect((await load(program(''), 'p.mts')).pipeline).toBe('p');
  });

  test('may use Node, its own place, and packages of the old module format', async () => {
    const before =
      "import { basename } from 'node:path'; import old from './old.cjs'; const here = basename(import.meta.url);";
    const others = { 'old.cjs': "module.exports = require('node:path').sep + 'x';" };
    const { steps } = await load(program('map: { add: { here, old } },', before), 'p.ts', others);
    expect((steps[0] as CopyStep).map.add).toEqual({ here: 'p.ts', old: '/x' });
  });

  test('may give a plain object, or wait for it', async () => {
    const text = program('').replace('pipeline({', 'await Promise.resolve({');
    expect((await load(text)).pipeline).toBe('p');
  });
});

describe('the mistakes of a program', () => {
  test('in a step have the line of the step', async () => {
    expect(await problems(program("emtpy: 'keep', parallel: 65,"))).toEqual([
      '8 steps[0].parallel must be at most 64 (wrong_value)',
      '8 steps[0].emtpy unknown field "emtpy"; did you mean "empty"? (unknown_field)',
    ]);
  });

  test('of syntax have their line, all of them', async () => {
    expect(await problems('const a = ;\n')).toEqual(['1  Unexpected ";" (syntax)']);
    expect(
      await problems("import a from './a.ts';\nimport b from 'no-such-package';\nexport default [a, b];\n"),
    ).toEqual(['1  Could not resolve "./a.ts" (syntax)', '2  Could not resolve "no-such-package" (syntax)']);
    expect(await problems("import './a.ts';", 'p.ts', { 'a.ts': '\nconst a = ;' })).toEqual([
      'undefined  Unexpected ";" (a.ts:2) (syntax)',
    ]);
  });

  test('that throws have the line of the throw', async () => {
    expect(await problems("\nfunction f(): never {\n  throw new Error('no');\n}\nf();\n")).toEqual([
      '3  the program failed: no (syntax)',
    ]);
    expect(await problems("throw 'no';")).toEqual(['undefined  the program failed: no (syntax)']);
  });

  test('include that it exports nothing', async () => {
    expect(await problems('export const a = 1;')).toEqual([
      'undefined  the program has no default export (syntax)',
    ]);
  });

  test.each([
    [
      'map: { add: { a: new Date(0) } },',
      'steps[0].map.add.a expected plain data, not an object of a class (wrong_type)',
    ],
    ['map: { add: { a: () => 1 } },', 'steps[0].map.add.a expected data, not a function (wrong_type)'],
    ['map: { add: { a: Symbol() } },', 'steps[0].map.add.a expected data, not a symbol (wrong_type)'],
    ['map: { add: { a: Number.NaN } },', 'steps[0].map.add.a not a finite number (wrong_type)'],
    [
      'map: { add: { a: 2 ** 53 } },',
      'steps[0].map.add.a an integer beyond 2^53 has lost digits in the program already (wrong_value)',
    ],
    [
      'map: { add: { a: 1.5 } },',
      'steps[0].map.add.a expected text, an integer, true, false or null (wrong_type)',
    ],
    [
      'map: { add: JSON.parse(\'{"__proto__":{"a":1}}\') },',
      'steps[0].map.add.__proto__ the key "__proto__" is not allowed (unsafe_key)',
    ],
    [
      'map: { add: { __proto__: { a: 1 } } },',
      'steps[0].map.add expected plain data, not an object of a class (wrong_type)',
    ],
    ['row: 5,', 'steps[0].row `row` is a function (wrong_value)'],
    ['map: loop,', 'steps[0].map.map an object that holds itself (wrong_value)'],
    ['map: deep,', 'nested deeper than 64 levels (too_large)'],
    ['map: { drop: Array(60000).fill("x") },', 'more than 50000 values (too_large)'],
  ])('include what is not data: %s', async (fields, problem) => {
    const before =
      'const loop: { map?: unknown } = {}; loop.map = loop; let deep: unknown = {}; for (let i = 0; i < 99; i++) deep = { drop: deep };';
    const found = await problems(program(fields, before));
    expect(found.some((each) => each.startsWith('8 ') && each.endsWith(problem))).toBe(true);
  });
});
