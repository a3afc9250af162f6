import type { ErrorCode } from '../../errors.js';
import type { Attribute, Cell } from '../../values/cell.js';
import type { Column, LogicalType } from '../../values/column.js';
import { absent, type Fit, type Fitted, misfit, NULL_FIELD, type Takers } from './fit.js';
import { bytesTakers } from './fit-bytes.js';
import { jsonTakers } from './fit-json.js';
import { numberTakers } from './fit-numbers.js';
import { textTakers } from './fit-text.js';
import { timeTakers } from './fit-times.js';
import type { TableColumn } from './schema.js';
import { atLeast, type Server } from './server.js';

const noNull = misfit('value_null', 'the column does not take NULL');
const emptyKey = misfit('key_empty', 'the key is NULL or absent');
const notTaken = misfit('value_type', 'the column does not take a value of this type');

/** What must be known of the sink column's place to take cells for it. */
export interface Place {
  readonly isKey: boolean;
  /** Rows without their key get one from the server (append); else they are refused. */
  readonly numbersRows: boolean;
  /** The greatest TIMESTAMP of the server. */
  readonly lastTimestamp: string;
}

/** MariaDB reads TIMESTAMP as unsigned since 11.5, where the machine has 64 bits. */
export function lastTimestampOf(server: Server): string {
  const isUnsigned = server.flavour === 'mariadb' && atLeast(server, 11, 5, 0);
  return isUnsigned ? '2106-02-07 06:28:15.999999' : '2038-01-19 03:14:07.999999';
}

/** Why a pair of columns can never be exact. */
export interface PairRefusal {
  readonly code: ErrorCode;
  readonly message: string;
}

/** The function that takes cells of `incoming` for `column`, or why there is none. */
export function fitColumn(incoming: Column, column: TableColumn, place: Place): Fit | PairRefusal {
  const takers = takersOf(column, place);
  if (takers === undefined) {
    return {
      code: 'type_refused',
      message: `columns of type ${column.columnType} cannot be written exactly`,
    };
  }
  const nothing = nothingOf(column, place);
  if (incoming.type === 'attribute') return attributeFit(takers, nothing);
  const taken = takerOf[incoming.type](takers);
  if (taken === undefined) {
    return {
      code: 'type_refused',
      message: `${typeWords(incoming)} cannot be written exactly as ${column.columnType}`,
    };
  }
  if (place.isKey && incoming.type === 'text' && !keepsSpelling(column)) {
    return {
      code: 'key_type',
      message: `text in a key of type ${column.columnType} could meet other text: '1' and '1.0'`,
    };
  }
  return (cell) => (cell === null ? nothing.null : cell === undefined ? nothing.undefined : taken(cell));
}

export function takersOf(column: TableColumn, place: Place): Takers | undefined {
  if (column.json) return jsonTakers(column);
  return (
    numberTakers(column, place.isKey) ??
    textTakers(column) ??
    timeTakers(column, place.isKey, place.lastTimestamp) ??
    bytesTakers(column)
  );
}

/** Whether different texts stay different in the column. */
function keepsSpelling(column: TableColumn): boolean {
  return column.charset !== undefined || /^(?:uuid|inet[46])$/.test(column.dataType);
}

function typeWords(incoming: Column): string {
  return incoming.native ?? incoming.type;
}

/** What becomes of NULL, and of an attribute that the item lacks. */
interface Nothing {
  readonly null: Fitted;
  readonly undefined: Fitted;
}

function nothingOf(column: TableColumn, place: Place): Nothing {
  const refused = place.isKey ? emptyKey : noNull;
  if (column.nullable && !place.isKey) return { null: NULL_FIELD, undefined: NULL_FIELD };
  const defaulted = place.isKey
    ? column.autoIncrement && place.numbersRows
    : column.autoIncrement || column.hasDefault;
  return { null: refused, undefined: defaulted ? absent : refused };
}

type Taken = (cell: Exclude<Cell, null | undefined>) => Fitted;

const textual = (take: ((text: string) => Fitted) | undefined): Taken | undefined =>
  take && ((cell) => (typeof cell === 'string' ? take(cell) : notTaken));

const takerOf: Readonly<Record<Exclude<LogicalType, 'attribute'>, (takers: Takers) => Taken | undefined>> = {
  int: (takers) => textual(takers.number),
  decimal: (takers) => textual(takers.number),
  float: (takers) => textual(takers.number),
  text: (takers) => textual(takers.text),
  date: (takers) => textual(takers.date),
  datetime: (takers) => textual(takers.datetime),
  time: (takers) => textual(takers.time),
  timestamp: (takers) => textual(takers.timestamp),
  json: (takers) => textual(takers.json),
  bytes: ({ bytes }) => bytes && ((cell) => (cell instanceof Uint8Array ? bytes(cell) : notTaken)),
  bool: ({ bool }) => bool && ((cell) => (typeof cell === 'boolean' ? bool(cell) : notTaken)),
};

/** Each cell says its own type. Numbers are looked for first where numbers are likely. */
function attributeFit(takers: Takers, nothing: Nothing): Fit {
  const other = otherAttributes(takers, nothing);
  const { number, text } = takers;
  if (number && takers.bool) {
    return (cell) => {
      if (cell === undefined) return nothing.undefined;
      const digits = (cell as { N?: string } | null)?.N;
      return digits === undefined ? other(cell) : number(digits);
    };
  }
  if (!text) return (cell) => (cell === undefined ? nothing.undefined : other(cell));
  return (cell) => {
    if (cell === undefined) return nothing.undefined;
    const string = (cell as { S?: string } | null)?.S;
    return string === undefined ? other(cell) : text(string);
  };
}

function otherAttributes(takers: Takers, nothing: Nothing): (cell: Exclude<Cell, undefined>) => Fitted {
  return (cell) => {
    if (cell === null) return nothing.null;
    if (typeof cell !== 'object' || cell instanceof Uint8Array) return notTaken;
    return fitAttribute(cell, takers, nothing);
  };
}

function fitAttribute(cell: Attribute, takers: Takers, nothing: Nothing): Fitted {
  if ('S' in cell) return takers.text?.(cell.S) ?? notTaken;
  if ('N' in cell) return takers.number?.(cell.N) ?? notTaken;
  if ('NULL' in cell) return nothing.null;
  if ('BOOL' in cell) return takers.bool?.(cell.BOOL) ?? notTaken;
  if ('B' in cell) return takers.bytes?.(Buffer.from(cell.B, 'base64')) ?? notTaken;
  if ('SS' in cell) return takers.stringSet?.(cell.SS) ?? notTaken;
  if ('L' in cell || 'M' in cell) return takers.document?.(cell) ?? notTaken;
  return notTaken;
}
