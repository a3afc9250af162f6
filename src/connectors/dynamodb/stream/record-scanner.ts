import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  JsonBytes,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  UnusualJson,
} from '../json-bytes.js';

/** A place in the bytes of an answer. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The fields of a record that are wanted, as they stand in the answer; a field that it lacks is undefined. */
export interface ScannedRecord {
  event: string | undefined;
  sequence: string | undefined;
  seconds: string | undefined;
  key: Span | undefined;
  image: Span | undefined;
  /** JSON text. */
  identity: string | undefined;
}

export interface ScannedPage {
  readonly records: readonly ScannedRecord[];
  readonly next: string | undefined;
}

const BACKSLASH = 0x5c;
const heads = {
  records: head('Records'),
  next: head('NextShardIterator'),
  event: head('eventName'),
  identity: head('userIdentity'),
  change: head('dynamodb'),
  key: head('Keys'),
  image: head('NewImage'),
  sequence: head('SequenceNumber'),
  seconds: head('ApproximateCreationDateTime'),
} as const;

function head(name: string): Uint8Array {
  return Buffer.from(`"${name}":`);
}

/**
 * Finds in an answer of GetRecords what is wanted of it, and passes over the rest, old images above all, which is faster
 * than parsing it. What is passed over is not looked into, nor are items. The bytes are valid UTF-8.
 * @throws UnusualJson where they are not an object without spaces between its tokens
 */
export function scanPage(bytes: Buffer): ScannedPage {
  const json = new JsonBytes(bytes, 0);
  const records: ScannedRecord[] = [];
  let next: string | undefined;
  eachField(json, () => {
    if (json.passesAll(heads.records)) eachElement(json, () => records.push(scanRecord(json)));
    else if (json.passesAll(heads.next)) next = stringAt(json);
    else passField(json);
  });
  if (json.at !== bytes.length) throw new UnusualJson();
  return { records, next };
}

function scanRecord(json: JsonBytes): ScannedRecord {
  const record: ScannedRecord = {
    event: undefined,
    sequence: undefined,
    seconds: undefined,
    key: undefined,
    image: undefined,
    identity: undefined,
  };
  const takeChange = (): void => scanChange(json, record);
  eachField(json, () => {
    if (json.passesAll(heads.event)) record.event = stringAt(json);
    else if (json.passesAll(heads.change)) eachField(json, takeChange);
    else if (json.passesAll(heads.identity)) record.identity = textOf(json, pass(json));
    else passField(json);
  });
  return record;
}

function scanChange(json: JsonBytes, record: ScannedRecord): void {
  if (json.passesAll(heads.key)) record.key = pass(json);
  else if (json.passesAll(heads.image)) record.image = pass(json);
  else if (json.passesAll(heads.sequence)) record.sequence = stringAt(json);
  else if (json.passesAll(heads.seconds)) record.seconds = textOf(json, pass(json));
  else passField(json);
}

function eachField(json: JsonBytes, take: () => void): void {
  json.expect(OPEN_BRACE);
  if (json.passes(CLOSE_BRACE)) return;
  do take();
  while (json.passes(COMMA));
  json.expect(CLOSE_BRACE);
}

function eachElement(json: JsonBytes, take: () => void): void {
  json.expect(OPEN_BRACKET);
  if (json.passes(CLOSE_BRACKET)) return;
  do take();
  while (json.passes(COMMA));
  json.expect(CLOSE_BRACKET);
}

/** Passes a field that nobody wants. Its name has no escapes: else it could be a wanted one. */
function passField(json: JsonBytes): void {
  json.expect(QUOTE);
  const { bytes } = json;
  let { at } = json;
  for (let code = bytes[at]; code !== QUOTE; code = bytes[++at]) {
    if (code === BACKSLASH || code === undefined) throw new UnusualJson();
  }
  json.at = at + 1;
  json.expect(COLON);
  pass(json);
}

/** A string without escapes; undefined where there is null instead. */
function stringAt(json: JsonBytes): string | undefined {
  const { bytes } = json;
  const { start, end } = pass(json);
  if (bytes[start] !== QUOTE) {
    if (bytes.toString('latin1', start, end) === 'null') return undefined;
    throw new UnusualJson();
  }
  const text = bytes.toString('latin1', start + 1, end - 1);
  if (bytes[end - 1] !== QUOTE || text.includes('"') || text.includes('\\')) throw new UnusualJson();
  return text;
}

function textOf({ bytes }: JsonBytes, { start, end }: Span): string {
  return bytes.toString('utf8', start, end);
}

/** Passes a value, whatever it holds. */
function pass(json: JsonBytes): Span {
  const { bytes, at: start } = json;
  let at = start;
  let depth = 0;
  do {
    const code = bytes[at++];
    if (code === QUOTE) at = endOfString(bytes, at);
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
    else if (code === undefined) throw new UnusualJson();
  } while (depth > 0 || !isEndOfValue(bytes[at]));
  if (depth < 0) throw new UnusualJson();
  json.at = at;
  return { start, end: at };
}

/** The place after the closing quote. */
function endOfString(bytes: Buffer, start: number): number {
  for (let at = start; ; at++) {
    const code = bytes[at];
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at++;
    else if (code === undefined) throw new UnusualJson();
  }
}

function isEndOfValue(code: number | undefined): boolean {
  return code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || code === undefined;
}
