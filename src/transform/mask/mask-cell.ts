import type { Attribute, Cell } from '../../values/cell.js';
import type { Column } from '../../values/column.js';
import { Refusal } from '../refusal.js';
import { keepNumberFormat, keepTextFormat } from './keep-format.js';
import type { MaskKey } from './mask-key.js';

/**
 * hash: 32 hex digits that are the same for the same value. redact: the word `redacted`, or NULL where the column
 * holds no text. keep-format: letters for letters and digits for digits.
 */
export const maskWays = ['hash', 'redact', 'keep-format'] as const;
export type MaskWay = (typeof maskWays)[number];

/** What becomes of a column: its description after it, and the function for its cells. */
export interface MaskedColumn {
  readonly column: Column;
  readonly mask: (cell: Cell) => Cell | Refusal;
}

const REDACTED = 'redacted';
const HASH_BYTES = 32;

const unfit = (message: string) => new Refusal('mask_unfit', message);
const onlyRedact = unfit('sets, lists, maps and truth values can only be redacted');
const noFormat = unfit('bytes have no format to keep: use hash or redact');

/** Types whose cells are text of any kind, or numbers; the others have forms that few texts have. */
const numbers: ReadonlySet<string> = new Set(['int', 'decimal', 'float']);

/** A Refusal where the way cannot be gone with any value of the column. NULL, absent and '' stay what they are. */
export function maskColumn(column: Column, way: MaskWay, key: MaskKey): MaskedColumn | Refusal {
  if (column.type === 'attribute') return { column, mask: attributeMask(way, key) };
  if (way === 'redact') return redacted(column);
  if (column.type === 'bool') return onlyRedact;
  if (way === 'hash') {
    const { name, nullable } = column;
    return {
      column: { name, nullable, type: 'text', maxBytes: HASH_BYTES },
      mask: present((value) => key.hash(value)),
    };
  }
  if (column.type === 'text') return { column, mask: present((text) => keepTextFormat(String(text), key)) };
  if (!numbers.has(column.type)) {
    return unfit(`a ${column.type} cannot keep its format: use hash, redact or a row function`);
  }
  const max = greatestOf(column);
  return { column, mask: present((text) => keepNumberFormat(String(text), key, max)) };
}

function redacted(column: Column): MaskedColumn | Refusal {
  if (column.type === 'text') {
    const word = REDACTED.slice(0, column.maxBytes ?? REDACTED.length);
    return { column, mask: present(() => word) };
  }
  if (!column.nullable) return unfit(`a ${column.type} that is NOT NULL cannot be redacted: use keep-format`);
  return { column, mask: (cell) => (cell === undefined ? undefined : null) };
}

function present(mask: (value: string | Uint8Array) => Cell | Refusal): (cell: Cell) => Cell | Refusal {
  return (cell) =>
    (typeof cell === 'string' || cell instanceof Uint8Array) && cell.length > 0 ? mask(cell) : cell;
}

function attributeMask(way: MaskWay, key: MaskKey): (cell: Cell) => Cell | Refusal {
  return (cell) => {
    if (cell === undefined || cell === null || typeof cell !== 'object' || cell instanceof Uint8Array)
      return cell;
    return maskAttribute(cell, way, key);
  };
}

function maskAttribute(attribute: Attribute, way: MaskWay, key: MaskKey): Attribute | Refusal {
  if ('NULL' in attribute || ('S' in attribute && attribute.S === '')) return attribute;
  if (way === 'redact') return 'S' in attribute ? { S: REDACTED } : { NULL: true };
  if ('S' in attribute) {
    if (way === 'hash') return { S: key.hash(attribute.S) };
    return spelled(keepTextFormat(attribute.S, key), (S) => ({ S }));
  }
  if ('N' in attribute) {
    if (way === 'hash') return { S: key.hash(attribute.N) };
    return spelled(keepNumberFormat(attribute.N, key, undefined), (N) => ({ N }));
  }
  if (!('B' in attribute)) return onlyRedact;
  return way === 'hash' ? { S: key.hash(Buffer.from(attribute.B, 'base64')) } : noFormat;
}

function spelled(masked: string | Refusal, make: (text: string) => Attribute): Attribute | Refusal {
  return masked instanceof Refusal ? masked : make(masked);
}

const greatest: Readonly<Record<string, bigint>> = {
  tinyint: 127n,
  smallint: 32_767n,
  mediumint: 8_388_607n,
  int: 2_147_483_647n,
  bigint: 9_223_372_036_854_775_807n,
};

/** The greatest number of an integer type of MySQL; undefined where none is known. */
function greatestOf({ native = '' }: Column): bigint | undefined {
  const most = greatest[/^[a-z]+/.exec(native)?.[0] ?? ''];
  return most !== undefined && native.includes('unsigned') ? 2n * most + 1n : most;
}
