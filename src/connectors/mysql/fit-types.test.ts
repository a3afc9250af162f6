import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Takers } from './fit.js';
import { takersOf } from './fit-column.js';
import type { TableColumn } from './schema.js';

const names: readonly (keyof Takers)[] = [
  'number',
  'text',
  'bytes',
  'bool',
  'date',
  'datetime',
  'time',
  'timestamp',
  'json',
  'document',
  'stringSet',
];
const attributes: Readonly<Partial<Record<keyof Takers, readonly string[]>>> = {
  number: ['N'],
  text: ['S'],
  bytes: ['B'],
  bool: ['BOOL'],
  document: ['L', 'M'],
  stringSet: ['SS'],
};

/** The table under `## Into MySQL`, a row for each type. */
function documented(): readonly (readonly [type: string, takes: string, attributes: string])[] {
  const text = readFileSync(new URL('TYPES.md', import.meta.url), 'utf8');
  const section = text.slice(text.indexOf('## Into MySQL'));
  const rows = [...section.matchAll(/^\| (\S+) \| ([^|]+) \| ([^|]+) \|/gm)].slice(1);
  return rows.map(([, type = '', takes = '', kinds = '']) => [type, takes.trim(), kinds.trim()]);
}

function columnOf(type: string): TableColumn {
  const dataType = type.replace(/\(.*/, '');
  return {
    name: 'c',
    dataType,
    columnType: type,
    nullable: true,
    hasDefault: true,
    defaultText: null,
    charset: /char|text/.test(type) ? 'utf8mb4' : undefined,
    collation: undefined,
    maxChars: 10,
    maxBytes: 40,
    precision: type === 'bit' ? 8 : type === 'bit(1)' ? 1 : 10,
    scale: 2,
    fraction: 0,
    unsigned: false,
    zerofill: false,
    members: ['a'],
    generated: false,
    invisible: false,
    autoIncrement: false,
    json: type === 'json',
  };
}

const place = { isKey: false, numbersRows: false, lastTimestamp: '2038-01-19 03:14:07.999999' };
const sorted = (list: string) => list.split(', ').sort();

it.each(documented())('TYPES.md says what a column of type %s takes', (type, takes, kinds) => {
  const takers = takersOf(columnOf(type), place) ?? {};
  const taken = names.filter((name) => takers[name] !== undefined);
  expect([...taken].sort()).toEqual(sorted(takes));
  expect(taken.flatMap((name) => attributes[name] ?? []).sort()).toEqual(sorted(kinds));
});

it('TYPES.md names every type that can be written', () => {
  expect(documented().length).toBeGreaterThan(40);
});
