import type { Row } from '../../values/cell.js';
import type { ComparableRow, Expected } from '../comparison.js';
import type { Refused } from '../connector.js';
import { ABSENT_FIELD, type FieldSpelling, fieldSpelling, rawField } from './compare-fields.js';
import { absent, enumError, type Misfit, misfit, NULL_FIELD } from './fit.js';
import type { TableColumn } from './schema.js';
import type { ColumnMap, LoadedColumn } from './sink-columns.js';
import { fieldOf, unknownAttribute } from './sink-rows.js';

/** What is compared of a table's rows. */
export interface ComparedColumns {
  /** The primary key; empty where it does not come. */
  readonly key: readonly TableColumn[];
  /** The columns that come, besides the key, in the table's order. */
  readonly content: readonly TableColumn[];
  /** Columns whose JSON is made of documents. */
  readonly byValue: ReadonlySet<string>;
}

/** Spells rows that come or that are there, so that equal rows are equal texts. */
export interface RowSpelling {
  expected(row: Row, index: number): Expected;
  actual(row: Row): ComparableRow;
}

interface SpelledColumn {
  readonly name: string;
  readonly loaded: LoadedColumn | undefined;
  readonly spelling: FieldSpelling | undefined;
  /** The field of rows that do not name the column, or why they cannot be written. */
  readonly unnamed: string | Misfit;
}

/** Compiles the spelling of rows whose columns go into the table as the map says. */
export function rowSpelling(map: ColumnMap, compared: ComparedColumns): RowSpelling {
  const loaded = new Map(map.columns.map((column) => [column.column.name, column]));
  const spelled = (column: TableColumn): SpelledColumn => ({
    name: column.name,
    loaded: loaded.get(column.name),
    spelling: fieldSpelling(column, compared.byValue.has(column.name)),
    unnamed: unnamedField(column),
  });
  const key = compared.key.map((column) => ({ ...spelled(column), unnamed: noKey }));
  const content = compared.content.map(spelled);
  return {
    expected: (row, index) => {
      const keyText = lineOf(row, key);
      if (typeof keyText !== 'string') return { refused: { row: index, ...keyText } };
      const stray = map.unknown.find(({ from }) => row[from] !== undefined);
      if (stray) {
        const refused = { row: index, ...unknownAttribute(stray.name), column: stray.name };
        return { refused, key: keyText };
      }
      const text = lineOf(row, content);
      if (typeof text === 'string') return { key: keyText, content: text };
      return { refused: { row: index, ...text }, key: keyText };
    },
    actual: (row) => ({ key: rawLineOf(row, key), content: rawLineOf(row, content) }),
  };
}

const noKey = misfit('key_empty', 'the key is NULL or absent');
const noValue = misfit('value_null', 'the attribute is absent and the column has no default');

function unnamedField(column: TableColumn): string | Misfit {
  if (canBeAbsent(column)) return ABSENT_FIELD;
  return column.nullable ? NULL_FIELD : noValue;
}

/** Whether a row that does not name the column gets a value that is not NULL. */
export function canBeAbsent(column: TableColumn): boolean {
  const { defaultText } = column;
  const isNull = defaultText === null || defaultText.toUpperCase() === 'NULL';
  return column.autoIncrement || (column.hasDefault && !isNull) || (column.hasDefault && !column.nullable);
}

function lineOf(row: Row, columns: readonly SpelledColumn[]): string | Omit<Refused, 'row'> {
  let line = '';
  for (let position = 0; position < columns.length; position++) {
    const column = columns[position] as SpelledColumn;
    const field = fieldIn(row, column);
    if (typeof field !== 'string') return { code: field.code, message: field.message, column: column.name };
    if (position > 0) line += ',';
    line += field;
  }
  return line;
}

function rawLineOf(row: Row, columns: readonly SpelledColumn[]): string {
  let line = '';
  for (let position = 0; position < columns.length; position++) {
    const column = columns[position] as SpelledColumn;
    const field = fieldIn(row, column);
    if (position > 0) line += ',';
    line += typeof field === 'string' ? field : rawField(row[column.loaded?.from ?? 0]);
  }
  return line;
}

function fieldIn(row: Row, { loaded, spelling, unnamed }: SpelledColumn): string | Misfit {
  if (!loaded) return unnamed;
  const field = fieldOf(loaded, row);
  if (typeof field === 'string') return spelling ? spelling(field) : field;
  if (field === absent) return unnamed;
  return field === enumError ? '""' : field;
}
