import { largerBuffer } from '../../values/larger-buffer.js';
import { type MakeRow, TextRows, type TextSpans } from '../../values/text-rows.js';
import { cellSpans } from './rows.js';

const FIRST_BYTES = 64 * 1024;
const FIRST_ROWS = 256;
/** For one row in so many more than last time there is room: what is not enough is doubled. */
const SPARE_ROWS = 16;
/** Room for more than this is made only when it is needed, and not kept. */
const MAX_FIRST_BYTES = 4 * 1024 * 1024;
/** As many as are on their way from a reader to writers at once; more are garbage. */
const MAX_SPARE_ROOMS = 8;

export interface CollectedRows {
  /** Cells of a row as the server sends it. */
  readonly cells: number;
  /** Of them those that others see. */
  readonly width: number;
  readonly make: MakeRow;
}

/** What rows stand in. */
interface Room {
  readonly bytes: Buffer;
  readonly spans: { readonly stride: number; readonly starts: Int32Array; readonly ends: Int32Array };
}

/** Rows, and what is called when nobody looks at them any more: what they stand in serves again. */
export interface TakenRows {
  readonly rows: TextRows;
  release(): void;
}

/**
 * Puts the packets of rows together to TextRows. What lies side by side in a piece of the socket's is copied at once,
 * headers between the packets included.
 */
export class RowCollector {
  readonly #of: CollectedRows;
  readonly #stride: number;
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #used = 0;
  #spans: Room['spans'];
  readonly #spare: Room[] = [];
  #rows = 0;
  /** The piece that the last row lies in, and what of it is to be copied. */
  #piece: Buffer | undefined;
  #from = 0;
  #to = 0;

  constructor(of: CollectedRows) {
    this.#of = of;
    this.#stride = of.cells + 1;
    this.#spans = this.#spansFor(FIRST_ROWS);
  }

  get length(): number {
    return this.#rows;
  }

  /** Takes the row that is `buffer[start, end)`, which nobody changes before `take`; throws a RangeError when it is torn. */
  add(buffer: Buffer, start: number, end: number): void {
    if (buffer !== this.#piece || start < this.#to) {
      this.#copy();
      this.#piece = buffer;
      this.#from = start;
    }
    const offset = this.#rows * this.#stride;
    if (offset === this.#spans.starts.length) this.#widen();
    const { starts, ends } = this.#spans;
    const shift = this.#used - this.#from;
    cellSpans({ bytes: buffer, start, end }, this.#of.cells, this.#spans, offset + 1, shift);
    starts[offset] = start + shift;
    ends[offset] = end + shift;
    this.#to = end;
    this.#rows += 1;
  }

  /** The rows since the last time. */
  take(): TakenRows {
    this.#copy();
    const { make, width } = this.#of;
    const room: Room = { bytes: this.#bytes, spans: this.#spans };
    const content = { bytes: room.bytes, spans: room.spans satisfies TextSpans, make };
    const rows = new TextRows(content, width, this.#rows);
    const next = this.#spare.pop() ?? this.#newRoom();
    this.#bytes = next.bytes;
    this.#spans = next.spans;
    this.#used = 0;
    this.#rows = 0;
    let isTaken = true;
    const release = () => {
      if (isTaken) this.#keep(room);
      isTaken = false;
    };
    return { rows, release };
  }

  /** The next rows will be about as many and as long. */
  #newRoom(): Room {
    return {
      bytes: Buffer.allocUnsafeSlow(Math.min(MAX_FIRST_BYTES, this.#used + FIRST_BYTES)),
      spans: this.#spansFor(this.#rows + Math.ceil(this.#rows / SPARE_ROWS) + 1),
    };
  }

  #keep(room: Room): void {
    if (this.#spare.length < MAX_SPARE_ROOMS && room.bytes.length <= MAX_FIRST_BYTES) this.#spare.push(room);
  }

  #copy(): void {
    const size = this.#to - this.#from;
    if (this.#piece !== undefined && size > 0) {
      const needed = this.#used + size;
      if (needed > this.#bytes.length) this.#bytes = largerBuffer(this.#bytes, this.#used, needed);
      this.#piece.copy(this.#bytes, this.#used, this.#from, this.#to);
      this.#used += size;
    }
    this.#piece = undefined;
    this.#from = 0;
    this.#to = 0;
  }

  #spansFor(rows: number) {
    const cells = rows * this.#stride;
    return { stride: this.#stride, starts: new Int32Array(cells), ends: new Int32Array(cells) };
  }

  #widen(): void {
    const { starts, ends } = this.#spans;
    this.#spans = this.#spansFor(this.#rows * 2);
    this.#spans.starts.set(starts);
    this.#spans.ends.set(ends);
  }
}
