import type { Batch, Change } from '../../values/batch.js';
import type { Attribute, Cell } from '../../values/cell.js';
import type { Column, LogicalType } from '../../values/column.js';
import { restoredCell, type StoredCell } from '../../values/stored-cell.js';
import type { Delivery } from '../queue.js';
import { ENVELOPE_VERSION, type Pointer, unsealed } from './envelope.js';

/** What a message says; why it says nothing to us, without a value of it. */
export type Understood =
  | ({ readonly kind: 'row' } & Pick<Delivery, 'id' | 'origin' | 'key' | 'batch'>)
  | { readonly kind: 'pointer'; readonly id: string; readonly large: Pointer }
  | { readonly kind: 'misfit'; readonly message: string };

type Fields = Readonly<Record<string, unknown>>;

/** Lists of columns that were seen: messages of like rows share one, so that consumers compile once. */
export class ColumnLists {
  readonly #lists = new Map<string, readonly Column[]>();

  of(columns: readonly Column[]): readonly Column[] {
    const key = JSON.stringify(columns);
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    if (this.#lists.size >= MAX_LISTS) this.#lists.clear();
    const list = Object.freeze(columns.map((column) => Object.freeze(column)));
    this.#lists.set(key, list);
    return list;
  }
}

const MAX_LISTS = 1000;

export function readMessage(text: string, lists: ColumnLists): Understood {
  const fields = unsealed(text);
  if (fields === undefined) return misfit('it is no message of Sluice, or not all of one');
  if (fields['v'] !== ENVELOPE_VERSION) {
    return misfit(`its format is not version ${ENVELOPE_VERSION}: another version of Sluice sent it`);
  }
  const { id } = fields;
  if (typeof id !== 'string') return misfit('it has no id');
  if (fields['large'] !== undefined) return pointer(id, fields['large']);
  const origin = originOf(fields);
  const key = fields['key'];
  const batch = batchOf(fields, text.length, lists);
  if (origin === undefined || !isTexts(key) || batch === undefined) {
    return misfit('its fields are not those of its version');
  }
  return { kind: 'row', id, origin, key, batch };
}

function misfit(message: string): Understood {
  return { kind: 'misfit', message };
}

function pointer(id: string, value: unknown): Understood {
  const { bucket, key, bytes, sha256 } = isFields(value) ? value : {};
  const isWhole = typeof bucket === 'string' && typeof key === 'string' && typeof sha256 === 'string';
  if (!isWhole || typeof bytes !== 'number') return misfit('it does not say where its row lies');
  return { kind: 'pointer', id, large: { bucket, key, bytes, sha256 } };
}

function originOf({ pipeline, step, run, readAt }: Fields): Delivery['origin'] | undefined {
  if (typeof pipeline !== 'string' || typeof step !== 'string' || typeof run !== 'string') return undefined;
  const readAtMs = typeof readAt === 'string' ? Date.parse(readAt) : Number.NaN;
  return Number.isFinite(readAtMs) ? { pipeline, step, run, readAtMs } : undefined;
}

function batchOf(fields: Fields, bytes: number, lists: ColumnLists): Batch | undefined {
  const { item, row: cells = {}, columns = [], change } = fields;
  if (!isFields(item) || !isFields(cells) || !Array.isArray(columns) || !columns.every(isColumn)) {
    return undefined;
  }
  const names = Object.keys(item);
  const attributes = names.map((name): Column => ({ name, type: 'attribute', nullable: true }));
  const row: Cell[] = [];
  for (const attribute of Object.values(item)) {
    if (!isAttribute(attribute, 0)) return undefined;
    row.push(attribute);
  }
  for (const { name, type } of columns) {
    const cell = Object.hasOwn(cells, name) ? cells[name] : undefined;
    if (!isCellOf(type, cell)) return undefined;
    row.push(restoredCell(cell));
  }
  const changes = change === undefined ? {} : { changes: [change as Change] };
  return { columns: lists.of([...attributes, ...columns]), rows: [row], bytes, ...changes };
}

const logicalTypes: ReadonlySet<unknown> = new Set<LogicalType>([
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
]);

function isColumn(value: unknown): value is Column {
  return (
    isFields(value) &&
    typeof value['name'] === 'string' &&
    typeof value['nullable'] === 'boolean' &&
    logicalTypes.has(value['type'])
  );
}

function isCellOf(type: LogicalType, cell: unknown): cell is StoredCell | undefined {
  if (cell === null || cell === undefined) return true;
  if (type === 'bool') return typeof cell === 'boolean';
  if (!isFields(cell)) return false;
  if (type === 'bytes') return typeof cell['bytes'] === 'string';
  return type === 'attribute' ? isAttribute(cell['attribute'], 0) : typeof cell['text'] === 'string';
}

/** DynamoDB has 32 levels: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const MAX_LEVELS = 33;

function isAttribute(value: unknown, level: number): value is Attribute {
  if (!isFields(value) || level > MAX_LEVELS) return false;
  const [entry, ...others] = Object.entries(value);
  if (entry === undefined || others.length > 0) return false;
  const [type, content] = entry;
  switch (type) {
    case 'S':
    case 'N':
    case 'B':
      return typeof content === 'string';
    case 'BOOL':
      return typeof content === 'boolean';
    case 'NULL':
      return content === true;
    case 'SS':
    case 'NS':
    case 'BS':
      return isTexts(content);
    case 'L':
      return Array.isArray(content) && content.every((one) => isAttribute(one, level + 1));
    case 'M':
      return isFields(content) && Object.values(content).every((one) => isAttribute(one, level + 1));
    default:
      return false;
  }
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
