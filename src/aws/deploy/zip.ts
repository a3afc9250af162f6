import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';

/** A file of a zip: its name with forward slashes. */
export interface ZipEntry {
  readonly name: string;
  readonly content: Buffer;
}

/**
 * All files below the folder as a zip: by name, of one time and one mode, so that equal files give equal bytes.
 */
export async function zippedFolder(folder: string): Promise<Buffer> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const entries = files.map(async (path) => ({
    name: path.slice(folder.length + 1).replaceAll('\\', '/'),
    content: await readFile(path),
  }));
  return zipOf(await Promise.all(entries));
}

/** 1980-01-01 00:00, where a zip's time begins. */
const DATE = 0x0021;
/** Made by Unix, version 2.0; a file that all may read (0644). */
const MADE_BY = 0x0314;
const NEEDS = 20;
const MODE = (0o100644 << 16) >>> 0;
/** The names are UTF-8. */
const FLAGS = 0x0800;
const DEFLATED = 8;

/** https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3 */
function zipOf(entries: readonly ZipEntry[]): Buffer {
  const sorted = entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, content } of sorted) {
    const packed = deflateRawSync(content, { level: 9 });
    const shared = sharedHeader(name, content, packed);
    const local = Buffer.concat([u32(0x04034b50), shared, u16(0), Buffer.from(name), packed]);
    const place = [u16(0), u16(0), u16(0), u16(0), u32(MODE), u32(offset), Buffer.from(name)];
    central.push(u32(0x02014b50), u16(MADE_BY), shared, ...place);
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const count = u16(sorted.length);
  const end = [u32(0x06054b50), u16(0), u16(0), count, count, u32(directory.length), u32(offset), u16(0)];
  return Buffer.concat([...locals, directory, ...end]);
}

/** What both headers of a file have, up to the length of its name. */
function sharedHeader(name: string, content: Buffer, packed: Buffer): Buffer {
  const sizes = [u32(crc32(content)), u32(packed.length), u32(content.length)];
  return Buffer.concat([
    ...[NEEDS, FLAGS, DEFLATED, 0, DATE].map(u16),
    ...sizes,
    u16(Buffer.byteLength(name)),
  ]);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
