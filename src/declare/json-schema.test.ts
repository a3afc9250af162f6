import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ordersYaml } from '../../test/fixtures/declaration-files.js';
import { connection, ends, fields, head, stage } from '../../test/fixtures/declarations.js';
import { jsonSchema } from './json-schema.js';

const schema: unknown = JSON.parse(jsonSchema());
const valid = new Ajv2020({ validateFormats: false, allowUnionTypes: true }).compile(schema as object);
const accepts = (text: string) => valid(parse(text, { intAsBigInt: false }));

describe('the JSON Schema', () => {
  test('is the one in docs/reference (sluice schema > docs/reference/pipeline.schema.json)', () => {
    expect(readFileSync('docs/reference/pipeline.schema.json', 'utf8')).toBe(jsonSchema());
  });

  test('is draft 2020-12 and explains every field', () => {
    expect(schema).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' });
    expect(unexplained(schema, '')).toEqual([]);
  });

  test.each([
    ['the pipeline of the design', ordersYaml],
    ['the example', readFileSync('examples/orders-nightly.yaml', 'utf8')],
    ['an example with all kinds of steps', readFileSync('examples/orders-watched.yaml', 'utf8')],
    ['empty: null', fields('empty: null')],
    ['a large integer', fields('map: { add: { a: 12345678901234567890 } }')],
    [
      'a branch that is a list',
      `${head}  - parallel: [[{ copy: a, from: { connection: shop, table: t }, to: { connection: stage } }]]\n`,
    ],
  ])('accepts %s', (_name, text) => {
    const accepted = accepts(text);
    expect(valid.errors ?? []).toEqual([]);
    expect(accepted).toBe(true);
  });

  test.each([
    ['an unknown field', `${fields('parallel: 2')}pipelines: x\n`],
    ['an unknown field of a step', fields('paralel: 2')],
    ['a literal password', connection('{ kind: mysql, host: h, user: u, password: x, database: d }')],
    ['a kind that there is not', connection('{ kind: oracle }')],
    ['a field of another kind', stage('{ kind: dynamodb, host: h }')],
    ['a malformed region', stage('{ kind: dynamodb, region: eu_west }')],
    ['an unknown mode', ends('{ connection: shop, table: t }', '{ connection: stage, mode: putt }')],
    ['too many writers', fields('parallel: 65')],
    ['a pace of nothing', fields('pace: { items: 0 }')],
    ['a type that there is not', fields('map: { as: { a: boolean } }')],
    ['a constant with a fraction', fields('map: { add: { a: 1.5 } }')],
    ['a row function', fields('row: x')],
    ['no steps', 'pipeline: p\nconnections: {}\nsteps: []\n'],
    ['no branches', `${head}  - parallel: []\n`],
    ['an unknown code to retry on', fields('retry: { on: [throtled] }')],
    ['an unknown end of a failure', fields('onFailure: { steps: { wait: w, for: 1 }, then: go }')],
    ['a wait of rows', `${head}  - { wait: w, for: 1, sample: 5 }\n`],
    ['a command that is a text', `${head}  - { call: c, run: ./notify.sh }\n`],
  ])('refuses %s', (_name, text) => {
    expect(accepts(text)).toBe(false);
  });
});

/** The paths of fields that no description explains. */
function unexplained(node: unknown, path: string): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const { properties } = node as { properties?: Record<string, object> };
  const here = Object.entries(properties ?? {})
    .filter(([, field]) => !('description' in field))
    .map(([field]) => `${path}.${field}`);
  return [...here, ...Object.entries(node).flatMap(([name, part]) => unexplained(part, `${path}.${name}`))];
}
