import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Problem } from '../problem.js';
import type { Entry } from './entry.js';

/**
 * A list as it lies on disk: a line for each entry, in the order of the list, none twice. A key is
 * `LINE TAB {KEY}`, where KEY is as `KeyOf` spells it; what is no key is `LINE TAB [code, message, text]`.
 */
export function spoolLine(entry: Entry): string {
  if ('key' in entry) return `${entry.line}\t{${entry.key}}\n`;
  const { code, message } = entry.problem;
  return `${entry.line}\t${JSON.stringify([code, message, entry.text])}\n`;
}

export function entryOfSpool(text: string): Entry {
  const tab = text.indexOf('\t');
  const line = Number(text.slice(0, tab));
  if (text[tab + 1] === '{') return { line, key: text.slice(tab + 2, -1) };
  const [code, message, shown] = JSON.parse(text.slice(tab + 1)) as [Problem['code'], string, string];
  return { line, problem: { code, message }, text: shown };
}

/** Written to the file at once. */
const BUFFER_CHARACTERS = 64 * 1024;

/** A file that is written line by line, with the digest of all of it. */
export class SpoolWriter {
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  #pending = '';

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async create(path: string): Promise<SpoolWriter> {
    return new SpoolWriter(await open(path, 'w', 0o600));
  }

  /** Wait for what is returned, if anything, before adding more. */
  add(line: string): Promise<void> | undefined {
    this.#pending += line;
    return this.#pending.length > BUFFER_CHARACTERS ? this.#flush() : undefined;
  }

  /** Durable when it returns. */
  async finish(): Promise<string> {
    await this.#flush();
    await this.#file.datasync();
    await this.close();
    return this.#hash.digest('hex');
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.from(this.#pending);
    this.#pending = '';
    this.#hash.update(bytes);
    await this.#file.appendFile(bytes);
  }
}

export async function digestOfSpool(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** A line of a spool, with the byte after it. */
export interface SpoolLine {
  readonly text: string;
  readonly end: number;
}

/** The lines of a spool from one byte to another, as many at once as are read at once. */
export async function* spoolLines(
  path: string,
  from: number,
  to: number,
): AsyncGenerator<readonly SpoolLine[]> {
  if (from >= to) return;
  let at = from;
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { start: from, end: to - 1 })) {
    const bytes = Buffer.concat([rest, chunk as Buffer]);
    const lines: SpoolLine[] = [];
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
      at += end + 1 - start;
      lines.push({ text: bytes.toString('utf8', start, end), end: at });
      start = end + 1;
    }
    if (lines.length > 0) yield lines;
    rest = bytes.subarray(start);
  }
}

/** The byte after the first end of a line at or after `from`; the file's size where there is none. */
export async function nextLineStart(path: string, from: number, size: number): Promise<number> {
  let at = from;
  for await (const chunk of createReadStream(path, { start: from })) {
    const end = (chunk as Buffer).indexOf(0x0a);
    if (end !== -1) return at + end + 1;
    at += (chunk as Buffer).length;
  }
  return size;
}
