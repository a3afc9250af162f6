import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Attribute, Cell } from '../../values/cell.js';
import type { Column, LogicalType } from '../../values/column.js';
import { attributeType, encoder } from './encode.js';

const types: readonly LogicalType[] = [
  'int',
  'decimal',
  'float',
  'text',
  'bytes',
  'bool',
  'date',
  'datetime',
  'time',
  'timestamp',
  'json',
  'attribute',
];

/** The rows of the first table of TYPES.md: logical, attribute, example, in the item. */
const documented = readFileSync(new URL('TYPES.md', import.meta.url), 'utf8')
  .split('## Out of')[0]
  ?.split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| logical'))
  .map((line) =>
    line
      .split('|')
      .map((cell) => cell.trim().replace(/^`|`$/g, ''))
      .slice(1, 5),
  ) as string[][];

function columnOf(logical: string): Column {
  const [, type = '', precision, scale] = /^(\w+)(?:\((\d+),(\d+)\))?$/.exec(logical) ?? [];
  const digits = precision === undefined ? {} : { precision: Number(precision), scale: Number(scale) };
  return { name: 'c', type: type as LogicalType, nullable: true, ...digits };
}

function cellOf(type: LogicalType, example: string): NonNullable<Cell> {
  if (type === 'bytes') return Buffer.from(example.slice(2), 'hex');
  if (type === 'bool') return example === 'true';
  return type === 'attribute' ? (JSON.parse(example) as Attribute) : example;
}

describe('TYPES.md', () => {
  it('names every logical type', () => {
    expect(new Set(documented.map(([logical = '']) => columnOf(logical).type))).toEqual(new Set(types));
  });

  it.each(documented)('is right about %s: %s', (logical, attribute, example, written) => {
    const column = columnOf(logical);
    expect(attributeType(column)).toBe(attribute === 'its own' ? 'any' : attribute);
    expect(encoder(column)(cellOf(column.type, example))).toBe(written);
  });
});

describe('a text', () => {
  const encode = encoder(columnOf('text'));

  it.each(['', '"', '\\', '\u0000\u001f', '\u2028', 'ä漢😀', '</script>', '{"S":"x"}'])(
    'stays as it is: %j',
    (text) => {
      expect(JSON.parse(encode(text) as string)).toEqual({ S: text });
    },
  );

  it('is refused where half a character would be lost', () => {
    expect(encode('a\ud800')).toMatchObject({ code: 'value_inexact' });
    expect(encode('\udc00"')).toMatchObject({ code: 'value_inexact' });
  });
});

describe('a float', () => {
  const encode = encoder(columnOf('float'));

  it('is refused when it is -0, in any spelling', () => {
    for (const zero of ['-0', '-0.0', '-0e0']) expect(encode(zero)).toMatchObject({ code: 'value_inexact' });
    expect(encode('0')).toBe('{"N":"0"}');
  });

  it('is refused beyond the range of N', () => {
    expect(encode('1e126')).toMatchObject({ code: 'value_range' });
    expect(encode('1e-131')).toMatchObject({ code: 'value_range' });
  });
});

it('carries times that are no moments', () => {
  expect(encoder(columnOf('datetime'))('0000-00-00 00:00:00')).toBe('{"S":"0000-00-00T00:00:00"}');
  expect(encoder(columnOf('date'))('0000-00-00')).toBe('{"S":"0000-00-00"}');
});
