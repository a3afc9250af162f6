import { SluiceError } from '../../errors.js';
import type { Batch } from '../../values/batch.js';
import type { Cell } from '../../values/cell.js';
import type { Column, LogicalType } from '../../values/column.js';
import { canonicalNumber } from '../../values/decimal.js';
import type { ComparableRow, Comparison, Expected } from '../comparison.js';
import type { Context, Refused } from '../connector.js';
import type { Store } from '../store.js';
import type { RowsFormat } from './format.js';
import type { FileSinkSettings } from './sink-options.js';
import { createFileSource } from './source/source.js';

export interface ComparedExport {
  readonly settings: FileSinkSettings;
  readonly store: Store;
  readonly context: Context;
  readonly rows: RowsFormat;
}

/** Rows that are compared together. */
const READING = { maxRows: 5000, maxBytes: 4 * 1024 * 1024 };

/** The newest export as our own reader finds it: a bag of rows, since files have no key. Nothing of it can be mended but by copying anew. */
export function exportComparison(compared: ComparedExport): Comparison {
  const { rows, settings } = compared;
  return {
    keyed: false,
    extras: 'different',
    exact: true,
    rule: 'rows are equal where all their cells are; numbers where they are the same number',
    expected: (batch) => expectedRows(batch, rows),
    actual: () => [actualRows(compared)],
    fetch: async () => new Map(),
    differences: () => [],
    keyValues: () => ({}),
    contentValues: ({ content }) => JSON.parse(content) as Record<string, string>,
    used: () => 0,
    deletesLimit: 0,
    remove: async () => {
      throw new SluiceError(
        'unsupported',
        `${settings.table}: single rows of an export cannot be taken away`,
        {
          hint: 'copy the table again',
        },
      );
    },
  };
}

function expectedRows(batch: Batch, { columns, encoder }: RowsFormat): readonly Expected[] {
  const refused = new Map(
    encoder()
      .encode(batch)
      .refused.map((one): [number, Refused] => [one.row, one]),
  );
  return contentsOf(batch, columns).map((content, row) => {
    const refusal = refused.get(row);
    return refusal ? { refused: refusal } : { key: '', content };
  });
}

async function* actualRows({
  settings,
  store,
  context,
  rows,
}: ComparedExport): AsyncGenerator<ComparableRow[]> {
  const { table, files } = settings;
  const source = createFileSource({ connection: '', table, format: files.format }, store, context);
  for (const part of await source.parts(1)) {
    for await (const batch of source.read(part, READING)) {
      if (batch.refused) throw new SluiceError('file_torn', batch.refused[0]?.message ?? table);
      yield contentsOf(batch, rows.columns).map((content) => ({ key: '', content }));
    }
  }
}

const numbers: ReadonlySet<LogicalType> = new Set(['int', 'decimal', 'float']);

/** Each row as JSON of its cells by name; NULL and what is not there are left out. */
function contentsOf({ columns, rows }: Batch, planned: readonly Column[]): readonly string[] {
  const known = new Map(planned.map((column) => [column.name, column]));
  const order = columns
    .map(({ name, type }, index) => ({ name, index, type: known.get(name)?.type ?? type }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  return rows.map((row) => {
    const cells = order.flatMap(({ name, index, type }) => {
      const text = textOf(row[index], type);
      return text === undefined ? [] : [[name, text] as const];
    });
    return JSON.stringify(Object.fromEntries(cells));
  });
}

function textOf(cell: Cell, type: LogicalType): string | undefined {
  if (cell === null || cell === undefined) return undefined;
  if (typeof cell === 'string') return numbers.has(type) ? (canonicalNumber(cell) ?? cell) : cell;
  if (cell instanceof Uint8Array) return Buffer.from(cell).toString('base64');
  return JSON.stringify(cell);
}
