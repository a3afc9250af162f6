/** No key takes more: 2048 and 1024 bytes, a few times that when JSON escapes each of them. */
const MAX_LINE_BYTES = 64 * 1024;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
export const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** A line without its end; `undefined` where it is longer than any key, or not UTF-8. */
export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string | undefined;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The lines of a stream of bytes, one at a time and in bounded memory. Lines end with LF or CRLF, the last one perhaps
 * with nothing; a byte order mark is left out. Empty lines are counted but not given.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let number = 0;
  let rest = Buffer.alloc(0);
  let tooLong = false;
  for await (const chunk of chunks) {
    let bytes: Buffer = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED)) {
      number++;
      const line = lineOf(bytes.subarray(0, end), number, tooLong);
      if (line) yield line;
      tooLong = false;
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length > MAX_LINE_BYTES) {
      tooLong = true;
      bytes = bytes.subarray(0, 0);
    }
    rest = Buffer.from(bytes);
  }
  const last = rest.length > 0 || tooLong ? lineOf(rest, number + 1, tooLong) : undefined;
  if (last) yield last;
}

function lineOf(bytes: Buffer, number: number, tooLong: boolean): Line | undefined {
  const isMarked = number === 1 && bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  const start = isMarked ? BYTE_ORDER_MARK.length : 0;
  const end = bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length;
  if (tooLong || end - start > MAX_LINE_BYTES) return { number, text: undefined };
  if (end <= start) return undefined;
  try {
    return { number, text: decoder.decode(bytes.subarray(start, end)) };
  } catch (error) {
    if (error instanceof TypeError) return { number, text: undefined };
    throw error;
  }
}
