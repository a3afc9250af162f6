import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Entry } from './entry.js';
import { Repeated } from './repeated.js';
import { digestOfSpool, entryOfSpool, SpoolWriter, spoolLine, spoolLines } from './spool.js';

/** A list that has been read once, and lies in the step's own folder: see `spoolLine`. */
export interface KeyList {
  readonly path: string;
  /** Of its spool, in bytes. */
  readonly size: number;
  /** Changes with every key of the list and their order: 64 hex digits. */
  readonly digest: string;
  readonly keys: number;
  readonly malformed: Named;
  readonly repeated: Named;
}

/** Lines of a list: how many, and the first of them. */
export interface Named {
  readonly count: number;
  readonly lines: readonly number[];
}

/** So many lines are named; of more, only the number is told. */
const MAX_NAMED = 10;

const MANIFEST = 'list.json';

/** What of a list is remembered for a run that goes on. */
interface Manifest extends Omit<KeyList, 'path'> {
  readonly run: string;
}

/**
 * Reads all entries once and keeps them on disk without those that repeat an earlier one. Memory does not grow with
 * the list but for a bit for each entry.
 */
export async function buildList(
  folder: string,
  run: string,
  entries: AsyncIterable<Entry>,
): Promise<KeyList> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const whole = join(folder, 'list.all');
  const counts = { entries: 0, malformed: named() };
  let digest = '';
  const repeated = await Repeated.find(folder, async (add) => {
    digest = await spooled(whole, async (spool) => {
      for await (const entry of entries) {
        const full = spool.add(spoolLine(entry));
        if (full) await full;
        if ('key' in entry) await add(entry.key, counts.entries);
        else name(counts.malformed, entry.line);
        counts.entries++;
      }
    });
    return counts.entries;
  });
  const path = join(folder, 'list.keys');
  const names = named();
  if (repeated.count === 0) await rename(whole, path);
  else digest = await withoutRepeated(whole, path, repeated, names);
  for (const file of await leftovers(folder)) await rm(join(folder, file), { force: true });
  const { size } = await stat(path);
  const keys = counts.entries - counts.malformed.count - repeated.count;
  const manifest: Manifest = { run, size, digest, keys, malformed: counts.malformed, repeated: names };
  await writeFile(join(folder, MANIFEST), JSON.stringify(manifest), { mode: 0o600 });
  return { path, ...manifest };
}

/** The list that an earlier attempt of this run has read; undefined where there is none, or it is not whole. */
export async function knownList(folder: string, run: string): Promise<KeyList | undefined> {
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const manifest = JSON.parse(text) as Manifest;
  const path = join(folder, 'list.keys');
  if (manifest.run !== run || (await digestOfSpool(path)) !== manifest.digest) return undefined;
  return { path, ...manifest };
}

async function spooled(path: string, fill: (spool: SpoolWriter) => Promise<void>): Promise<string> {
  const spool = await SpoolWriter.create(path);
  try {
    await fill(spool);
  } catch (error) {
    await spool.close();
    throw error;
  }
  return await spool.finish();
}

async function withoutRepeated(
  whole: string,
  path: string,
  repeated: Repeated,
  names: MutableNamed,
): Promise<string> {
  const { size } = await stat(whole);
  return await spooled(path, async (spool) => {
    let index = 0;
    for await (const lines of spoolLines(whole, 0, size)) {
      for (const { text } of lines) {
        const full = repeated.has(index) ? undefined : spool.add(`${text}\n`);
        if (full) await full;
        if (repeated.has(index++)) name(names, entryOfSpool(text).line);
      }
    }
  });
}

async function leftovers(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((file) => file !== 'list.keys');
}

interface MutableNamed {
  count: number;
  readonly lines: number[];
}

function named(): MutableNamed {
  return { count: 0, lines: [] };
}

function name(names: MutableNamed, line: number): void {
  names.count++;
  if (names.lines.length < MAX_NAMED) names.lines.push(line);
}

/** For people: `lines 3, 9 and 12`, `lines 1, 2, … and 88 more`. */
export function linesText({ count, lines }: Named): string {
  const word = count === 1 ? 'line' : 'lines';
  const more = count - lines.length;
  return more > 0 ? `${word} ${lines.join(', ')} and ${more} more` : `${word} ${lines.join(', ')}`;
}
