import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dropsTypeScript,
  folderWith,
  ordersTypeScript,
  ordersYaml,
} from '../../test/fixtures/declaration-files.js';
import { connection, fields, head } from '../../test/fixtures/declarations.js';
import { SluiceError } from '../errors.js';
import { declarationHash } from './hash.js';
import { loadDeclaration, parseDeclaration } from './load.js';

const env = { REPORT_PASSWORD: 'x', PW: 'x' };
const files = { 'o.yaml': ordersYaml, 'o.ts': ordersTypeScript, 'drops.ts': dropsTypeScript };

describe('a declaration', () => {
  test('is the same object from YAML and from TypeScript', async () => {
    const folder = await folderWith(files);
    const yaml = await loadDeclaration(join(folder, 'o.yaml'), { env });
    const typeScript = await loadDeclaration(join(folder, 'o.ts'), { env });
    expect({ ...typeScript, file: '' }).toStrictEqual({ ...yaml, file: '' });
    expect(declarationHash(typeScript)).toBe(declarationHash(yaml));
  });

  test('has its defaults filled in, and its limits and durations read', async () => {
    const { steps, connections } = await parseDeclaration(ordersYaml, '/p/o.yaml', { env });
    expect(steps[0]).toMatchObject({
      kind: 'copy',
      path: 'steps[0]',
      empty: 'null',
      nulls: 'keep',
      rejects: { limit: { share: 0.01 } },
      pace: { items: 0.5 },
      patienceSeconds: 300,
      parallel: 4,
      map: { add: { origin: 'shop', big: 12345678901234567890n, small: 7 } },
    });
    const [[ordersIn], [, films]] = (steps[1] as unknown as { branches: [[unknown], [unknown, unknown]] })
      .branches;
    expect(ordersIn).toMatchObject({
      path: 'steps[1].parallel[0]',
      to: { table: 'orders' },
      map: { only: { customer_id: 'customer_id', order_id: 'order_id' } },
      rejects: { limit: { rows: 0 } },
      retry: { attempts: 1 },
    });
    expect(films).toMatchObject({ path: 'steps[1].parallel[1][1]', to: { table: 'old_{table}' } });
    expect(connections['report']).toMatchObject({ tls: { ca: '/p/ca.pem' } });
  });

  test('with tables and no name for the sink keeps the names', async () => {
    const text = `${head}  - { copy: a, from: { connection: shop, tables: ["*"] }, to: { connection: stage } }\n`;
    const { steps } = await parseDeclaration(text, 'p.yaml', { env });
    expect(steps[0]).toMatchObject({ to: { connection: 'stage', table: '{table}' } });
  });

  test('is frozen through and through', async () => {
    const { steps, connections } = await parseDeclaration(ordersYaml, 'o.yaml', { env });
    const all: unknown[] = [steps, connections];
    for (const value of all) {
      if (typeof value !== 'object' || value === null) continue;
      expect(Object.isFrozen(value)).toBe(true);
      all.push(...Object.values(value));
    }
    expect(all.length).toBeGreaterThan(100);
  });

  test('warns of variables that are not set, with their line', async () => {
    const { warnings } = await parseDeclaration(ordersYaml, 'o.yaml', { env: {} });
    expect(warnings).toEqual([
      expect.objectContaining({ line: 10, path: 'connections.report.password.env', code: 'env_missing' }),
    ]);
    expect((await parseDeclaration(ordersYaml, 'o.yaml', { env })).warnings).toEqual([]);
  });

  test('in JSON is read too', async () => {
    const yaml = await parseDeclaration(fields('parallel: 2'), 'p.yaml', { env });
    const { connections } = yaml;
    const [{ path: _path, kind: _kind, name, from, to }] = yaml.steps as unknown as [Record<string, unknown>];
    const json = { pipeline: 'p', connections, steps: [{ copy: name, from, to, parallel: 2 }] };
    const folder = await folderWith({ 'p.json': JSON.stringify(json) });
    const read = await loadDeclaration('p.json', { env, cwd: folder });
    expect(read.steps).toEqual(yaml.steps);
    expect(declarationHash(read)).toBe(declarationHash(yaml));
  });
});

describe('the hash of a declaration', () => {
  const hash = async (text: string, file = 'o.yaml') =>
    declarationHash(await parseDeclaration(text, file, { env }));

  test('stays the same when the file moves or its fields change places', async () => {
    const moved = ordersYaml
      .replace('mode: put }', '}')
      .replace(
        '{ connection: stage, table: orders, key',
        '{ mode: put, connection: stage, table: orders, key',
      );
    expect(await hash(moved, '/elsewhere/o.yaml')).toBe(await hash(ordersYaml));
  });

  test('changes with what is said', async () => {
    expect(await hash(ordersYaml.replace("'draft'", "'paid'"))).not.toBe(await hash(ordersYaml));
    expect(await hash(ordersYaml.replace('67890', '67891'))).not.toBe(await hash(ordersYaml));
  });
});

describe('a file that is no declaration', () => {
  const failure = async (name: string, content?: string | Uint8Array) => {
    const folder = await folderWith(content === undefined ? {} : { [name]: content });
    const error: unknown = await loadDeclaration(name, { env, cwd: folder }).then(
      undefined,
      (each: unknown) => each,
    );
    expect(error).toBeInstanceOf(SluiceError);
    return error as SluiceError;
  };

  test('is missing, or a folder, or of another kind', async () => {
    expect(await failure('none.yaml')).toMatchObject({
      code: 'file_unreadable',
      hint: 'there is no such file',
    });
    expect(await failure('.yaml')).toMatchObject({ code: 'usage' });
    expect(await failure('a.txt', '')).toMatchObject({ code: 'usage' });
  });

  test('is larger than 1 MiB', async () => {
    const error = await failure('a.yaml', `${fields('parallel: 2')}#${' '.repeat(1024 * 1024)}`);
    expect(error.problems).toEqual([
      expect.objectContaining({ code: 'too_large', message: 'larger than 1 MiB' }),
    ]);
  });

  test('is not UTF-8', async () => {
    const error = await failure('a.yaml', Uint8Array.of(0x70, 0xff, 0xfe));
    expect(error.problems).toEqual([
      expect.objectContaining({ code: 'syntax', message: 'the file is not UTF-8 text' }),
    ]);
  });
});

describe('whatever the text is', () => {
  const outcome = async (text: string) => {
    try {
      return await parseDeclaration(text, 'p.yaml', { env });
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'declaration_invalid') throw error;
      for (const problem of error.problems) {
        expect(problem.line).toBeGreaterThan(0);
        expect(problem.message).not.toMatch(/Invalid|undefined|\[object|zod/);
      }
      expect(error.problems.length).toBeGreaterThan(0);
      return error.problems;
    }
  };

  test('nothing but declaration_invalid comes out', async () => {
    const words = [
      'a',
      ':',
      ': ',
      '- ',
      '\n',
      '  ',
      '[',
      ']',
      '{',
      '}',
      '&x ',
      '*x',
      '"',
      "'",
      '|',
      '#',
      '!t ',
      '%',
      '<<',
      '? ',
      'steps',
      '\t',
      '1e9',
      '---\n',
      '\u0000',
      '\ud800',
    ];
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...words)).map((parts) => parts.join('')),
    );
    await fc.assert(
      fc.asyncProperty(text, async (each) => void (await outcome(each))),
      { numRuns: 500 },
    );
  });

  test('a right declaration with one odd value is right or declaration_invalid', async () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }).map((each) => JSON.stringify(each)),
      fc.bigInt().map(String),
      fc.constantFrom(
        '~',
        '.inf',
        '.nan',
        '-0',
        '0x1F',
        '1e400',
        '{ N: "1" }',
        '{ env: X }',
        '{ __proto__: 1 }',
      ),
    );
    const lines = ordersYaml.split('\n');
    const places = lines.flatMap((line, index) =>
      [...line.matchAll(/: ([^ ,{}[\]]+)/g)].map((match) => ({ index, match })),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), value, async ({ index, match }, odd) => {
        const line = lines[index] ?? '';
        const changed = `${line.slice(0, match.index)}: ${odd}${line.slice(match.index + match[0].length)}`;
        await outcome(lines.with(index, changed).join('\n'));
      }),
      { numRuns: 300 },
    );
  });

  test('messages are short and hold no orders to a terminal', async () => {
    const text = `"\\e[2J": 1\n"${'x'.repeat(1000)}": 1\n${fields('parallel: 2')}`;
    const error: unknown = await parseDeclaration(text, 'p.yaml', { env }).then(
      undefined,
      (each: unknown) => each,
    );
    const { problems } = error as SluiceError;
    expect(problems.map(({ message }) => message)).toEqual([
      'unknown field "\\u001b[2J"',
      expect.stringMatching(/^unknown field "x{385}…$/),
    ]);
    expect(problems[1]?.path.length).toBeLessThan(500);
  });

  test('no prototype changes', async () => {
    for (const key of ['__proto__', 'constructor', 'prototype', '"__proto__"', '!!str __proto__']) {
      await outcome(fields(`map: { add: { ${key}: { polluted: true } } }`));
      await outcome(`${key}: { polluted: true }\n${fields('parallel: 2')}`);
      await outcome(connection(`{ kind: mysql, ${key}: { polluted: true } }`));
      await outcome(`pipeline: p\nconnections: { ${key}: { kind: dynamodb, polluted: true } }\nsteps: []\n`);
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('the limits of YAML', () => {
  const messages = async (text: string) => {
    const error: unknown = await parseDeclaration(text, 'p.yaml', { env }).then(
      undefined,
      (each: unknown) => each,
    );
    return (error as SluiceError).problems.map(({ message }) => message);
  };

  test.each([
    ['[', 'nested deeper than 64 levels'],
    ['- ', 'nested deeper than 64 levels'],
    ['{a: ', 'nested deeper than 64 levels'],
    ['*a ', 'more than 100 aliases'],
    ['? ', 'nested deeper than 64 levels'],
    ['\n', 'more than 250000 words and signs'],
    ['}', 'more than 100 mistakes up to here: is this YAML?'],
  ])('hold for a mebibyte of %j', async (piece, message) => {
    const [first = ''] = await messages(piece.repeat(Math.floor((1024 * 1024) / piece.length)));
    expect(first).toBe(message);
  });

  test('hold for aliases of aliases', async () => {
    const lines = Array.from(
      { length: 40 },
      (_, index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]`,
    );
    const all = await messages(`a0: &a0 [x, x, x, x]\n${lines.join('\n')}\n`);
    expect(all).toContain('more than 50000 values');
  });

  test('let aliases through that are meant well', async () => {
    const text = fields('map: &m { drop: [x] }').replace('steps:\n', 'steps:\n');
    const second = `${text}  - { copy: b, from: { connection: shop, table: u }, to: { connection: stage, table: uuu }, map: *m }\n`;
    const { steps } = await parseDeclaration(second, 'p.yaml', { env });
    expect(steps[1]).toMatchObject({ map: { drop: ['x'] } });
  });
});
