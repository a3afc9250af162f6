import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folderWith } from '../../test/fixtures/declaration-files.js';
import type { Problem, SluiceError } from '../errors.js';
import { loadDeclaration } from './load.js';

const head = `pipeline: hits
connections:
  site: { kind: dynamodb, region: eu-west-1 }
  aurora: { kind: mysql, host: 127.0.0.1, user: app, password: { env: PW }, database: web }
steps:
  - copy: hits
    from: { connection: site, table: hits }
    to: { connection: aurora, table: hits, mode: append }
`;

async function load(body: string, files: Readonly<Record<string, string>> = {}) {
  const folder = await folderWith({ 'hits.yaml': head + body, ...files });
  return await loadDeclaration(join(folder, 'hits.yaml'), { env: { PW: 'x' } });
}

async function problems(
  body: string,
  files: Readonly<Record<string, string>> = {},
): Promise<readonly Problem[]> {
  const error = await load(body, files).then(
    () => undefined,
    (thrown: SluiceError) => thrown,
  );
  return error?.problems ?? [];
}

const schema = (type: string) => `{ "type": "object",\n "properties": { "n": { "type": "${type}" } } }`;

it('one parsed column is what a plain schema is about; without, the whole item', async () => {
  const files = { 'hit.json': schema('integer') };
  const checks = async (body: string) => {
    const [step] = (await load(body, files)).steps;
    return step?.kind === 'copy' ? step.checks?.map(({ of, schema: { name } }) => [of, name]) : undefined;
  };
  expect(await checks('    parse: [payload]\n    check: ./hit.json')).toEqual([['payload', './hit.json']]);
  expect(await checks('    check: ./hit.json')).toEqual([[undefined, './hit.json']]);
  expect(await checks('    check: { type: object }')).toEqual([[undefined, 'the schema']]);
  expect(await checks('    check: { a: ./hit.json, "*": { properties: {} } }')).toEqual([
    ['a', './hit.json'],
    [undefined, 'the schema'],
  ]);
});

it('several parsed columns must be told apart', async () => {
  expect(await problems('    parse: [a, b]\n    check: ./hit.json', { 'hit.json': 'true' })).toMatchObject([
    { line: 10, path: 'steps[0].check', code: 'conflict', hint: expect.stringContaining('check: { a:') },
  ]);
});

it('a mistake in a schema has its file and place, also in a file that it refers to', async () => {
  const body = '    check: ./hit.json';
  expect(await problems(body, { 'hit.json': schema('objekt') })).toMatchObject([
    {
      line: 9,
      path: 'steps[0].check',
      code: 'schema_invalid',
      message: expect.stringContaining('./hit.json#/properties/n/type: '),
    },
  ]);
  expect(await problems(body, { 'hit.json': '{\n "type": }' })).toMatchObject([
    { message: './hit.json: not JSON at line 2, column 10' },
  ]);
  expect(await problems(body)).toMatchObject([{ message: './hit.json: it cannot be read (ENOENT)' }]);
  const refers = { 'hit.json': '{ "$ref": "more/place.json" }' };
  expect(await problems(body, refers)).toMatchObject([
    { message: 'more/place.json: it cannot be read (ENOENT)' },
  ]);
  const twice = '{ "type": "object", "type": "object" }';
  expect(await problems(body, { 'hit.json': twice })).toMatchObject([
    { message: './hit.json: a key stands twice in one object' },
  ]);
  const digits = '{ "maximum": 99999999999999999999999999999999999999 }';
  expect(await problems(body, { 'hit.json': digits })).toMatchObject([
    { message: './hit.json#/maximum: a number with more digits than can be compared exactly' },
  ]);
});

it('a mistake in a schema written in place has its line', async () => {
  const body = `    check:
      "*":
        type: object
        properties:
          n: { type: integer, requird: true }
          m: { type: string }
`;
  expect(await problems(body)).toMatchObject([
    { line: 13, path: 'steps[0].check["*"].properties.n.requird', message: 'unknown keyword: "requird"' },
  ]);
  expect(await problems('    check: { payload: 5 }')).toMatchObject([{ path: 'steps[0].check.payload' }]);
});

it('what a file beside it says counts, and is part of the declaration', async () => {
  const files = {
    'hit.json': '{ "$ref": "place.json#/$defs/a" }',
    'place.json': '{ "$defs": { "a": { "type": "string" } } }',
  };
  const [step] = (await load('    check: ./hit.json', files)).steps;
  expect(step).toMatchObject({
    checks: [{ schema: { files: { 'place.json': { $defs: { a: { type: 'string' } } } } } }],
  });
});

it('extra needs a check, and a column of its own', async () => {
  expect(await problems('    extra: ignore')).toMatchObject([{ path: 'steps[0].extra', code: 'conflict' }]);
  const folder = await folderWith({
    'hits.yaml': `${head.replace('mode: append', 'mode: append, extra: { into: more }')}    check: { type: object }\n    extra: { into: more }\n`,
  });
  await expect(loadDeclaration(join(folder, 'hits.yaml'), { env: { PW: 'x' } })).rejects.toMatchObject({
    problems: [{ path: 'steps[0].extra', message: '`extra` of the step and of the sink go into one column' }],
  });
});
