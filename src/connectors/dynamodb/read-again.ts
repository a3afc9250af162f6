import type { Batch, Unread } from '../../values/batch.js';
import type { SharedColumns } from './batch-builder.js';
import { wholeItem } from './item-scanner.js';
import { type KeyAttribute, keyOf } from './key.js';
import type { KeyedReader } from './keyed-read.js';
import { type Item, OpenColumns } from './open-columns.js';

const gone: Omit<Unread, 'row'> = { code: 'key_missing', message: 'no item has this key' };
const noKey: Omit<Unread, 'row'> = { code: 'key_invalid', message: 'there is no key to read' };

/** The items with the keys of these rows, one after the other, as they are now. */
export async function readAgain(
  batch: Batch,
  key: readonly KeyAttribute[],
  reader: KeyedReader,
  { first }: SharedColumns,
): Promise<Batch> {
  const spell = keyOf(
    batch.columns,
    key.map((part) => ({ ...part, columns: [part.name] })),
  );
  const items: Item[] = [];
  const refused: Unread[] = [];
  let bytes = 0;
  for (const [row, cells] of batch.rows.entries()) {
    const spelled = spell(cells);
    const found = typeof spelled === 'string' ? await reader.read([spelled]) : undefined;
    const item = typeof spelled === 'string' ? found?.items.get(spelled) : undefined;
    bytes += found?.bytes ?? 0;
    items.push(item ? wholeItem(item) : {});
    if (!item) refused.push({ row, ...(found ? gone : noKey) });
  }
  return { ...rowsOf(items, new OpenColumns(first)), bytes, ...(refused.length > 0 ? { refused } : {}) };
}

function rowsOf(items: readonly Item[], list: OpenColumns): Pick<Batch, 'columns' | 'rows'> {
  const rows = items.map((item) => list.row(item));
  const { columns } = list;
  for (const row of rows) while (row.length < columns.length) row.push(undefined);
  return { columns, rows };
}
