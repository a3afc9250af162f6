import { cellKinds, WIDE } from '../../values/attribute-rows.js';
import type { AsType } from '../as.js';
import type { TextRoom } from './text-room.js';

/**
 * Takes the cell at `[start, end)` of the room as text of its new type: what `as` gives for it (as.ts), of the usual spellings and without
 * making a string. False where only that can tell. `kind` is that of AttributeRows, with flags.
 */
export type TakeCell = (room: TextRoom, kind: number, start: number, end: number) => boolean;

/** Of types without an entry each cell is made. */
export const takers: Readonly<Partial<Record<AsType, TakeCell>>> = {
  text: takeText,
  int: takeWhole,
  decimal: takeDecimal,
  float: takeFloat,
  bool: takeBool,
  bytes: takeBytes,
  date: takeDate,
  datetime: takeDatetime,
  timestamp: takeTimestamp,
};

const { true: trueKind, false: falseKind, number, bytes: base64, text } = cellKinds;

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;
const SPACE = 0x20;

const NOWHERE = -1;
/** Longer numbers are looked at elsewhere. */
const MAX_NUMBER_BYTES = 60;

function takeText(room: TextRoom, kind: number, start: number, end: number): boolean {
  return (isAscii(kind) || kind === (text | WIDE)) && room.take(start, end);
}

/** A number, or a text that is plain ASCII. */
function isAscii(kind: number): boolean {
  return kind === number || kind === text;
}

function isShort(kind: number, start: number, end: number): boolean {
  return isAscii(kind) && end - start <= MAX_NUMBER_BYTES;
}

function takeWhole(room: TextRoom, kind: number, start: number, end: number): boolean {
  if (!isShort(kind, start, end) || afterWhole(room.bytes, start, end) !== end) return false;
  return !isMinusZero(room.bytes, start, end) && room.take(start, end);
}

/** Without the zeros at its end, which mean nothing. */
function takeDecimal(room: TextRoom, kind: number, start: number, end: number): boolean {
  const { bytes } = room;
  if (!isShort(kind, start, end)) return false;
  const point = afterWhole(bytes, start, end);
  if (point === NOWHERE) return false;
  let last = end;
  if (point !== end) {
    if (bytes[point] !== POINT || !areDigits(bytes, point + 1, end)) return false;
    while (bytes[last - 1] === ZERO) last--;
    if (last === point + 1) last = point;
  }
  return !isMinusZero(bytes, start, last) && room.take(start, last);
}

/** As it is spelled. */
function takeFloat(room: TextRoom, kind: number, start: number, end: number): boolean {
  const { bytes } = room;
  if (!isShort(kind, start, end)) return false;
  const first = bytes[start] === MINUS ? start + 1 : start;
  const point = bytes.subarray(first, end).indexOf(POINT);
  const isNumber =
    point === -1
      ? areDigits(bytes, first, end)
      : areDigits(bytes, first, first + point) && areDigits(bytes, first + point + 1, end);
  return isNumber && room.take(start, end);
}

/** The place after `-12`, or another whole number without zeros in front; NOWHERE where there is none. */
function afterWhole(bytes: Buffer, start: number, end: number): number {
  const first = bytes[start] === MINUS ? start + 1 : start;
  let at = first;
  while (at < end && isDigit(bytes[at] as number)) at++;
  if (at === first || (bytes[first] === ZERO && at > first + 1)) return NOWHERE;
  return at;
}

function isMinusZero(bytes: Buffer, start: number, end: number): boolean {
  return end - start === 2 && bytes[start] === MINUS && bytes[start + 1] === ZERO;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

/** One at least, and nothing else. */
function areDigits(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (!isDigit(bytes[at] as number)) return false;
  return start < end;
}

function takeBool(room: TextRoom, kind: number): boolean {
  return (kind === trueKind || kind === falseKind) && room.takeBool(kind === trueKind);
}

function takeBytes(room: TextRoom, kind: number, start: number, end: number): boolean {
  if (kind === base64) return room.addBase64(room.bytes.toString('latin1', start, end));
  return takeText(room, kind, start, end);
}

const DATE_BYTES = 10;

function takeDate(room: TextRoom, kind: number, start: number, end: number): boolean {
  if (!isAscii(kind) || end - start !== DATE_BYTES) return false;
  return hasForm(room.bytes, start, DATE_BYTES) && room.take(start, end);
}

/** Any digit where there is a zero. */
const form = Buffer.from('0000-00-00T00:00:00');

/** Whether so many bytes are those of a moment, whatever stands for its T. */
function hasForm(bytes: Buffer, start: number, length: number): boolean {
  for (let at = 0; at < length; at++) {
    const code = bytes[start + at] as number;
    if (form[at] === ZERO ? !isDigit(code) : code !== form[at] && at !== DATE_BYTES) return false;
  }
  return true;
}

const SECONDS_BYTES = 19;
const MICROS_BYTES = 26;

function takeDatetime(room: TextRoom, kind: number, start: number, end: number): boolean {
  return isAscii(kind) && isMoment(room.bytes, start, end) && takeMoment(room, start, end);
}

/** Anything but UTC has no known zone. */
function takeTimestamp(room: TextRoom, kind: number, start: number, end: number): boolean {
  if (!isAscii(kind) || room.bytes[end - 1] !== LETTER_Z) return false;
  return isMoment(room.bytes, start, end - 1) && takeMoment(room, start, end - 1);
}

/** With a space for its T: in a copy, for another column may hold the same cell. */
function takeMoment(room: TextRoom, start: number, end: number): true {
  if (room.bytes[start + DATE_BYTES] === SPACE) return room.take(start, end);
  const length = end - start;
  room.reserve(length);
  const { bytes, at } = room;
  for (let index = 0; index < length; index++) bytes[at + index] = bytes[start + index] as number;
  bytes[at + DATE_BYTES] = SPACE;
  return room.added(length);
}

/** `YYYY-MM-DDThh:mm:ss` or with a space, and up to six digits of a fraction, by its form. */
function isMoment(bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (length < SECONDS_BYTES || length > MICROS_BYTES || !hasForm(bytes, start, SECONDS_BYTES)) return false;
  const between = bytes[start + DATE_BYTES];
  if (between !== LETTER_T && between !== SPACE) return false;
  if (length === SECONDS_BYTES) return true;
  return bytes[start + SECONDS_BYTES] === POINT && areDigits(bytes, start + SECONDS_BYTES + 1, end);
}
