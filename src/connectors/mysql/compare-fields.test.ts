import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldCondition, fieldSpelling, fieldsOf, shownField } from './compare-fields.js';
import { comparableJson } from './compare-json.js';
import { quoteField } from './fit-text.js';
import type { TableColumn } from './schema.js';

const column = (dataType: string, more: Partial<TableColumn> = {}): TableColumn => ({
  name: 'c',
  dataType,
  columnType: dataType,
  nullable: true,
  hasDefault: true,
  defaultText: null,
  charset: undefined,
  collation: undefined,
  maxChars: undefined,
  maxBytes: undefined,
  precision: undefined,
  scale: undefined,
  fraction: undefined,
  unsigned: false,
  zerofill: false,
  members: undefined,
  generated: false,
  invisible: false,
  autoIncrement: false,
  json: false,
  ...more,
});

describe('fields have one spelling where the column stores them alike', () => {
  test.each([
    ['decimal', ['1.50', '1.5', '01.500'], '1.5'],
    ['decimal', ['0', '0.00', '-0.0'], '0'],
    ['decimal', ['100', '100.0'], '100'],
    ['decimal', ['-0.05', '-.05'], '-0.05'],
    ['double', ['1e3', '1000', '1000.0'], '1000'],
    [
      'datetime',
      ['2026-01-31 12:00:00', '2026-01-31T12:00:00.000', '2026-01-31 12:00:00.0'],
      '2026-01-31 12:00:00',
    ],
    ['timestamp', ['2026-01-31T12:00:00.120', '2026-01-31 12:00:00.12'], '2026-01-31 12:00:00.12'],
    ['time', ['-838:59:59.000000', '-838:59:59'], '-838:59:59'],
    ['varbinary', [''], 'x'],
  ])('%s %j', (dataType, fields, spelled) => {
    const spell = fieldSpelling(column(dataType), false);
    expect(fields.map((field) => spell?.(field))).toEqual(fields.map(() => spelled));
  });

  test('NULL stays NULL in every type', () => {
    for (const dataType of ['decimal', 'double', 'datetime', 'time', 'blob', 'json']) {
      expect(fieldSpelling(column(dataType), true)?.('\\N')).toBe('\\N');
    }
  });
});

test('a line is taken apart into the fields that it was made of', () => {
  const field = fc.oneof(
    fc.string({ unit: 'binary' }).map(quoteField),
    fc.constantFrom('\\N', '\\A', '1.5', 'x', 'x00ff', '2026-01-31 12:00:00'),
  );
  fc.assert(
    fc.property(fc.array(field, { minLength: 1 }), (fields) => {
      expect(fieldsOf(fields.join(','))).toEqual(fields);
    }),
  );
});

test('a quoted field shows its text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(shownField(quoteField(text))).toBe(text);
    }),
  );
});

test('a condition holds nothing but literals, whatever the field', () => {
  expect(fieldCondition(column('int'), '`c`', '5')).toBe('`c` = 5');
  expect(fieldCondition(column('int'), '`c`', '5 OR 1=1; --')).toBeUndefined();
  expect(fieldCondition(column('blob'), '`c`', "x' OR 1")).toBeUndefined();
  expect(fieldCondition(column('bit'), '`c`', 'x0fff')).toBe('`c` = 4095');
  expect(fieldCondition(column('double'), '`c`', '5')).toBe('`c` = 5e0');
  expect(fieldCondition(column('datetime'), '`c`', '2026-01-31 12:00:00')).toBe(
    "`c` = '2026-01-31 12:00:00'",
  );
  const text = fieldCondition(column('varchar', { charset: 'latin1' }), '`c`', `"it's \\"quoted\\""`);
  expect(text).toContain(Buffer.from(`it's "quoted"`).toString('hex'));
  expect(text).not.toContain('quoted');
});

test('JSON is compared by value: order, spaces and spelling of numbers mean nothing', () => {
  const same = ['{"a": [1.50, null], "b": "\\u00e9"}', '{"b":"é","a":[15e-1,null]}'];
  expect(new Set(same.map((text) => comparableJson(text, false))).size).toBe(1);
  expect(comparableJson('[12345678901234567890]', false)).not.toBe(
    comparableJson('[12345678901234567891]', false),
  );
  expect(comparableJson('[0.1, 1e400]', true)).toBe(comparableJson('[0.10000000000000001, 1e400]', true));
  expect(comparableJson('no JSON', false)).toBe('no JSON');
});
