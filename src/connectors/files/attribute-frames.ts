import { type AttributeRows, cellKinds, ESCAPED, KIND_MASK } from '../../values/attribute-rows.js';

/** What stands around a cell's bytes in DynamoDB's JSON. */
export interface Frame {
  readonly before: Buffer;
  readonly after: Buffer;
  /** The cell has no bytes: what stands before is all of it. */
  readonly isAll: boolean;
}

/** By the kinds of AttributeRows without flags. None for what is absent, and for what is JSON as it stands. */
export function attributeFrames(
  spell: (json: string) => string = (json) => json,
): readonly (Frame | undefined)[] {
  const frame = (before: string, after = ''): Frame => ({
    before: Buffer.from(spell(before)),
    after: Buffer.from(spell(after)),
    isAll: after === '',
  });
  const made: (Frame | undefined)[] = [];
  made[cellKinds.null] = frame('{"NULL":true}');
  made[cellKinds.false] = frame('{"BOOL":false}');
  made[cellKinds.true] = frame('{"BOOL":true}');
  made[cellKinds.number] = frame('{"N":"', '"}');
  made[cellKinds.bytes] = frame('{"B":"', '"}');
  made[cellKinds.text] = frame('{"S":"', '"}');
  return made;
}

/** The frame of a kind with flags: none where JSON might spell the cell in another way, too. */
export function plainFrame(frames: readonly (Frame | undefined)[], kind: number): Frame | undefined {
  return (kind & ESCAPED) === 0 ? frames[kind & KIND_MASK] : undefined;
}

/** As they stand in JSON. */
export const jsonFrames = attributeFrames();

/** The frame in JSON of the cell at this place of the spans: none unless the cell's bytes are what JSON.stringify gives. */
export function frameAt(rows: AttributeRows, place: number): Frame | undefined {
  const kind = rows.kindAt(place);
  const { starts, ends } = rows.spans;
  if ((kind & ESCAPED) !== 0 && !areUsual(rows.bytes, starts[place] as number, ends[place] as number))
    return undefined;
  return jsonFrames[kind & KIND_MASK];
}

const BACKSLASH = 0x5c;
/** `"\bfnrt`, escaped by a backslash alone; `/` needs none, and JSON.stringify spells but few characters by their numbers. */
const usual: ReadonlySet<number> = new Set([...'"\\bfnrt'].map((letter) => letter.charCodeAt(0)));

/** Whether all escapes are those that JSON.stringify writes. */
function areUsual(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (bytes[at] === BACKSLASH && !usual.has(bytes[++at] as number)) return false;
  }
  return true;
}
