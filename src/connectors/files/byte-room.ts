import { largerBuffer } from '../../values/larger-buffer.js';

const FIRST_BYTES = 64 * 1024;

/** Bytes that are put together, in a buffer that grows. */
export class ByteRoom {
  bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  /** The place of the next byte; whoever writes past it by itself has reserved the room before. */
  at = 0;

  /** Makes room for so many bytes more. */
  reserve(size: number): void {
    const needed = this.at + size;
    if (needed > this.bytes.length) this.bytes = largerBuffer(this.bytes, this.at, needed);
  }

  /** As UTF-8. */
  text(text: string): void {
    // A UTF-16 unit takes at most three bytes.
    this.reserve(text.length * 3);
    this.at += this.bytes.write(text, this.at, 'utf8');
  }

  byte(code: number): void {
    this.reserve(1);
    this.bytes[this.at++] = code;
  }

  /** ASCII only. */
  ascii(text: string): void {
    this.reserve(text.length);
    this.at += this.bytes.write(text, this.at, 'latin1');
  }

  copy(from: Buffer, start: number, end: number): void {
    this.reserve(end - start);
    this.at += from.copy(this.bytes, this.at, start, end);
  }

  /** What was put together; the room begins anew. */
  take(): Buffer {
    const taken = this.bytes.subarray(0, this.at);
    this.bytes = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, this.at));
    this.at = 0;
    return taken;
  }
}
