import { describe, expect, it } from 'vitest';
import type { Attribute, Row } from '../../values/cell.js';
import type { Column } from '../../values/column.js';
import { Transform, type TransformOptions } from '../transform.js';
import type { Extra } from './extra.js';
import { KnownShape, strayPaths } from './known-shape.js';
import { SchemaCheck } from './schema-check.js';

const attribute = (name: string): Column => ({ name, type: 'attribute', nullable: true });
const columns = [attribute('id'), attribute('payload')];

const schema = {
  type: 'object',
  properties: {
    hits: { type: 'integer' },
    place: { type: 'object', properties: { country: {} } },
    free: { type: 'object' },
    list: { items: { properties: { a: {} } } },
  },
};

async function apply(
  extra: Extra,
  payload: object,
  more: TransformOptions = {},
  of: string | undefined = 'payload',
) {
  const check = await SchemaCheck.of({
    name: '',
    schema: of === undefined ? { properties: { id: {}, payload: schema } } : schema,
    files: {},
  });
  const checks = [{ ...(of === undefined ? {} : { of }), schema: check }];
  const transform = new Transform({ parse: ['payload'], checks, extra, ...more }, true, ['id']);
  const row: Row = [{ S: 'a' }, { S: JSON.stringify(payload) }];
  const { batch, dropped } = transform.apply({ columns, rows: [row], bytes: 0 });
  const cells = batch.columns.map(({ name }, place) => [name, batch.rows.at(0)?.[place]] as const);
  return {
    row: Object.fromEntries(cells.filter(([, cell]) => cell !== undefined)),
    refused: dropped.map(({ refusal }) => [refusal.code, refusal.message]),
  };
}

const known = { hits: 1, place: { country: 'JP' }, free: { any: 1 }, list: [{ a: 1 }] };
const strange = { ...known, new: 1, place: { country: 'JP', city: 'x' }, list: [{ a: 1 }, { b: 2 }] };

describe('what a schema does not know', () => {
  it('is a reject that names its path', async () => {
    expect((await apply('reject', known)).refused).toEqual([]);
    const reject = async (payload: object) => (await apply('reject', payload)).refused;
    expect(await reject({ place: { city: 'x' } })).toEqual([
      ['attribute_unknown', 'payload.place.city is not in the schema'],
    ]);
    expect(await reject({ list: [{ b: 1 }] })).toEqual([
      ['attribute_unknown', 'payload.list.0.b is not in the schema'],
    ]);
  });

  it('is left out, and all else stays', async () => {
    const list: Attribute = { L: [{ M: { a: { N: '1' } } }, { M: {} }] };
    const place: Attribute = { M: { country: { S: 'JP' } } };
    const { row } = await apply('ignore', strange);
    expect(row).toEqual({
      id: { S: 'a' },
      payload: { M: { hits: { N: '1' }, place, free: { M: { any: { N: '1' } } }, list } },
    });
  });

  it('goes into a column, by its path, also where only names others', async () => {
    const more = {
      M: {
        payload: {
          M: {
            new: { N: '1' },
            place: { M: { city: { S: 'x' } } },
            list: { M: { '1': { M: { b: { N: '2' } } } } },
          },
        },
      },
    };
    const into = { into: 'more' };
    expect((await apply(into, strange)).row).toMatchObject({ id: { S: 'a' }, more });
    expect((await apply(into, strange, { map: { only: { key: 'id' } } })).row).toEqual({
      key: { S: 'a' },
      more,
    });
    expect((await apply(into, known, { map: { only: { key: 'id' } } })).row).toEqual({ key: { S: 'a' } });
    await expect(apply({ into: 'id' }, known)).rejects.toThrow('which the source has itself');
  });

  it('may be a whole column', async () => {
    const check = await SchemaCheck.of({ name: '', schema: { properties: { id: {} } }, files: {} });
    const transform = new Transform({ checks: [{ schema: check }], extra: { into: 'more' } }, false);
    const typed: Column[] = [
      { name: 'id', type: 'int', nullable: false },
      { name: 'made', type: 'datetime', nullable: true },
    ];
    const { batch } = transform.apply({ columns: typed, rows: [['1', '2026-11-01 05:00:00']], bytes: 0 });
    expect([...batch.rows]).toEqual([['1', undefined, { M: { made: { S: '2026-11-01T05:00:00' } } }]]);
    expect((await apply('ignore', strange, {}, undefined)).row['payload']).not.toHaveProperty('M.new');
  });
});

describe('the names that a schema knows', () => {
  const strays = (of: object, value: unknown, files = {}) =>
    strayPaths(value, KnownShape.of({ name: '', schema: of, files })).map((path) => path.join('.'));

  it('come from every branch, from patterns and from references, also those that go around', () => {
    const node = { properties: { next: { $ref: '#/$defs/node' }, n: {} } };
    const of = {
      $defs: { node },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      allOf: [{ $ref: '#/$defs/node' }, { if: {}, then: { properties: { t: {} } } }],
      oneOf: [{ patternProperties: { '^x-': { properties: { y: {} } } } }],
      dependentSchemas: { n: { properties: { d: {} } } },
    };
    const value = { n: 1, t: 1, d: 1, 'x-a': { y: 1, z: 1 }, next: { next: { n: 1, m: 1 } }, m: 1 };
    expect(strays(of, value)).toEqual(['x-a.z', 'next.next.m', 'm']);
  });

  it('are all names where the schema names none, or allows others', () => {
    expect(strays({}, { a: { b: 1 } })).toEqual([]);
    expect(strays({ properties: { a: {} }, additionalProperties: true }, { b: 1 })).toEqual([]);
    expect(strays({ properties: { a: {} }, additionalProperties: { type: 'string' } }, { b: 1 })).toEqual([]);
    expect(strays({ $ref: 'place.json#/a' }, { b: 1 }, { 'place.json': { a: { properties: {} } } })).toEqual([
      'b',
    ]);
    expect(strays({ properties: { a: {} }, $dynamicRef: '#x' }, { b: 1 })).toEqual([]);
  });
});
