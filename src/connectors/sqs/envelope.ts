/** What a message says of a row, and how it is spelled: docs/queue.md is the format, and a test holds it to this. */
import { createHash } from 'node:crypto';
import type { Change } from '../../values/batch.js';
import type { Attribute, Row } from '../../values/cell.js';
import type { Column } from '../../values/column.js';
import { storedCell } from '../../values/stored-cell.js';
import type { Origin } from '../queue.js';

/** Raised when an older receiver would read a message wrongly. A receiver refuses what is not its own version. */
export const ENVELOPE_VERSION = 1;

/** One row with everything that is told about it. */
export interface Letter {
  readonly id: string;
  readonly origin: Origin;
  readonly key: readonly string[];
  readonly columns: readonly Column[];
  readonly row: Row;
  readonly change?: Change;
}

/** Where a row lies that is too large for a message, and how it is known again. */
export interface Pointer {
  readonly bucket: string;
  readonly key: string;
  readonly bytes: number;
  /** Of the object, hexadecimal. */
  readonly sha256: string;
}

/** The text of a message that holds its row. */
export function letterText({ id, origin, key, columns, row, change }: Letter): string {
  const { pipeline, step, run, readAtMs } = origin;
  const item: [string, Attribute][] = [];
  const typed: [Column, Row[number]][] = [];
  for (const [index, column] of columns.entries()) {
    const cell = row[index];
    if (column.type !== 'attribute' || cell === null) typed.push([column, cell]);
    else if (cell !== undefined) item.push([column.name, cell as Attribute]);
  }
  return sealed({
    v: ENVELOPE_VERSION,
    id,
    pipeline,
    step,
    run,
    readAt: new Date(readAtMs).toISOString(),
    key,
    item: Object.fromEntries(item),
    ...(typed.length === 0 ? {} : typedFields(typed)),
    ...(change === undefined ? {} : { change }),
  });
}

/** The text of a message whose row lies in S3: there is the text that `letterText` made. */
export function pointerText(id: string, large: Pointer): string {
  return sealed({ v: ENVELOPE_VERSION, id, large });
}

/** Cells that are no attributes, and their columns as the sender's source described them. */
function typedFields(typed: readonly (readonly [Column, Row[number]])[]): object {
  const cells = typed.flatMap(([{ name, type }, cell]) =>
    cell === undefined ? [] : [[name, storedCell(cell, type)] as const],
  );
  return { row: Object.fromEntries(cells), columns: typed.map(([column]) => column) };
}

/**
 * JSON with the digest of what stands before it as its last field: half a message, or one that was changed on its
 * way, is not taken for a whole one.
 */
export function sealed(fields: object): string {
  const open = onlyAllowed(JSON.stringify(fields)).slice(0, -1);
  return `${open},"sha256":"${digest(open)}"}`;
}

const seal = /,"sha256":"([0-9a-f]{64})"\}$/;

/** The fields of a text that `sealed` made; undefined for any other text. */
export function unsealed(text: string): Readonly<Record<string, unknown>> | undefined {
  const found = seal.exec(text);
  if (found === null || digest(text.slice(0, found.index)) !== found[1]) return undefined;
  return JSON.parse(`${text.slice(0, found.index)}}`) as Record<string, unknown>;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * SQS takes U+0009, U+000A, U+000D, U+0020 to U+D7FF, U+E000 to U+FFFD and what is beyond U+FFFF. JSON escapes control
 * characters and lone surrogates by itself; the rest is escaped here. What is beyond U+FFFF goes as two escapes, because
 * some emulators refuse it.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export function onlyAllowed(json: string): string {
  return json.replaceAll(
    /[\ud800-\udfff\ufffe\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
