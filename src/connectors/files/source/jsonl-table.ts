import type { Column } from '../../../values/column.js';
import { lineOf, type TextPlace } from '../file-batch.js';
import { hasItems } from '../jsonl/jsonl-format.js';
import { beginsWithItem, type JsonLinesShape, readJsonLines } from '../jsonl/read-jsonl.js';
import { refuseDeclared } from './columns.js';
import type { SourceFile } from './found-table.js';
import type { FileStretch, TableReader, TableRequest } from './table-reader.js';
import { textChunks } from './text-chunks.js';

/** JSON Lines: columns as the manifest or the declaration tells them; else whatever attributes there are. */
export async function jsonLinesTable(request: TableRequest): Promise<TableReader> {
  const shape = await shapeOf(request);
  return {
    columns: shape.kind === 'closed' ? shape.columns : shape.shared.first,
    open: shape.kind === 'open',
    findings: [],
    read: (file, stretch) => readFile(request, shape, file, stretch),
  };
}

async function shapeOf({ store, table, declared }: TableRequest): Promise<JsonLinesShape> {
  const { manifest } = table;
  if (manifest?.columns) {
    refuseDeclared(declared);
    if (!hasItems(manifest.columns)) return { kind: 'closed', columns: Object.freeze(manifest.columns) };
    return openShape(true, keyColumns(manifest.columns, manifest.key));
  }
  if (declared) {
    const columns = Object.entries(declared).map(([name, type]): Column => ({ name, type, nullable: true }));
    return { kind: 'closed', columns: Object.freeze(columns) };
  }
  for (const file of table.files) {
    const items = await beginsWithItem(textChunks(store, file, 0));
    if (items !== undefined) return openShape(items, []);
  }
  return openShape(true, []);
}

function openShape(items: boolean, columns: readonly Column[]): JsonLinesShape {
  const first = Object.freeze(columns);
  return { kind: 'open', items, shared: { columns: first, first } };
}

/** In items each attribute says its own type, whatever the column was before. */
function keyColumns(columns: readonly Column[], key: readonly string[]): readonly Column[] {
  const attribute = ({ name, native }: Column): Column => ({
    name,
    type: 'attribute',
    nullable: !key.includes(name),
    ...(native === undefined ? {} : { native }),
  });
  return columns.map(attribute);
}

async function* readFile(
  { store }: TableRequest,
  shape: JsonLinesShape,
  file: SourceFile,
  stretch: FileStretch,
) {
  const place = (stretch.after as TextPlace | undefined) ?? { offset: 0, line: 1, rows: 0 };
  const until = (stretch.through as TextPlace | undefined)?.offset;
  yield* readJsonLines(shape, {
    where: lineOf(file.name),
    chunks: textChunks(store, file, place.offset),
    place,
    ...(until === undefined ? {} : { until }),
    request: stretch.request,
  });
}
