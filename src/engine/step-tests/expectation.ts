import { attributeOfCell } from '../../transform/attribute-of-cell.js';
import type { Attribute, Row } from '../../values/cell.js';
import type { Column } from '../../values/column.js';
import { canonicalNumber } from '../../values/decimal.js';
import { attributeOf, canonicalText } from './attribute.js';

type Fields = Readonly<Record<string, unknown>>;

/** What is not as a test expects. Rows count from 1; an absent side is not there. */
export interface Difference {
  readonly kind: 'row' | 'reject';
  readonly place: number;
  readonly column?: string;
  /** For people. */
  readonly expected?: string;
  readonly got?: string;
}

/**
 * Compares rows with those expected. A sink of typed columns takes 8 and '8' for the same, and NULL for what is absent;
 * DynamoDB does not.
 */
export function rowDifferences(
  expected: readonly Fields[],
  got: readonly Row[],
  columns: readonly Column[],
  typed: boolean,
): readonly Difference[] {
  const count = Math.max(expected.length, got.length);
  return Array.from({ length: count }, (_, index) => {
    const [wanted, row] = [expected[index], got[index]];
    const place = index + 1;
    if (wanted === undefined) return [{ kind: 'row', place, got: rowText(row ?? [], columns) } as const];
    if (row === undefined) return [{ kind: 'row', place, expected: fieldsText(wanted) } as const];
    return cellDifferences(wanted, row, columns, typed).map((one) => ({
      kind: 'row' as const,
      place,
      ...one,
    }));
  }).flat();
}

type CellDifference = Omit<Difference, 'kind' | 'place'>;

function cellDifferences(
  wanted: Fields,
  row: Row,
  columns: readonly Column[],
  typed: boolean,
): readonly CellDifference[] {
  const names = new Set([...Object.keys(wanted), ...columns.map(({ name }) => name)]);
  return [...names].flatMap((name) => {
    const place = columns.findIndex((column) => column.name === name);
    const [column, cell] = [columns[place], row[place]];
    const got = column && cell !== undefined ? attributeOfCell(cell, column.type) : undefined;
    const expected = Object.hasOwn(wanted, name) ? attributeOf(wanted[name]) : undefined;
    if (isSame(expected, got, column, typed)) return [];
    return [
      {
        column: name,
        ...(expected ? { expected: shown(expected) } : {}),
        ...(got ? { got: shown(got) } : {}),
      },
    ];
  });
}

function isSame(
  expected: Attribute | undefined,
  got: Attribute | undefined,
  column: Column | undefined,
  typed: boolean,
): boolean {
  if (!expected || !got) return typed ? isNothing(expected) && isNothing(got) : expected === got;
  if (canonicalText(expected) === canonicalText(got)) return true;
  const isTime = column?.type === 'datetime' || column?.type === 'timestamp';
  if (isTime && 'S' in expected && 'S' in got) return spaced(expected.S) === spaced(got.S);
  if (!typed) return false;
  const [one, other] = [scalarText(expected), scalarText(got)];
  if (one === undefined || other === undefined) return false;
  return one === other || (canonicalNumber(one) ?? one) === (canonicalNumber(other) ?? other);
}

function isNothing(attribute: Attribute | undefined): boolean {
  return attribute === undefined || 'NULL' in attribute;
}

function spaced(time: string): string {
  return time.replace('T', ' ').replace(/Z$/, '');
}

function scalarText(attribute: Attribute): string | undefined {
  if ('S' in attribute) return attribute.S;
  if ('N' in attribute) return attribute.N;
  if ('BOOL' in attribute) return attribute.BOOL ? '1' : '0';
  return undefined;
}

/** Texts in quotes, numbers without; bytes and sets as AttributeValues. */
function shown(attribute: Attribute): string {
  if ('S' in attribute) return JSON.stringify(attribute.S);
  if ('N' in attribute) return attribute.N;
  if ('BOOL' in attribute) return String(attribute.BOOL);
  if ('NULL' in attribute) return 'null';
  if ('L' in attribute) return `[${attribute.L.map(shown).join(', ')}]`;
  if (!('M' in attribute)) return JSON.stringify(attribute);
  return membersText(Object.entries(attribute.M));
}

function rowText(row: Row, columns: readonly Column[]): string {
  return membersText(
    columns.flatMap(({ name, type }, place): [string, Attribute][] => {
      const cell = row[place];
      return cell === undefined ? [] : [[name, attributeOfCell(cell, type)]];
    }),
  );
}

function fieldsText(fields: Fields): string {
  return membersText(Object.entries(fields).map(([name, value]) => [name, attributeOf(value)]));
}

function membersText(members: readonly (readonly [string, Attribute])[]): string {
  return `{${members.map(([name, part]) => `${JSON.stringify(name)}: ${shown(part)}`).join(', ')}}`;
}
