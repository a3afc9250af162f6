import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { PlaceIndex } from '../place-index.js';
import type { RawDocument } from '../raw-document.js';
import { Report } from '../report.js';
import { callSite } from './authoring.js';
import { type BuildMistake, type Bundle, bundle } from './bundle.js';
import { CallPlaces } from './call-places.js';
import { plainData } from './plain.js';

/** A declaration is data: a program that takes longer to give it waits for something that never comes. */
const MAX_RUN_MS = 30_000;

/**
 * Runs a program (TypeScript or JavaScript) and reads what it exports by default. Its syntax errors, what it
 * throws, and what is not data go into the report. `file` is an absolute path, `name` what people call it.
 */
export async function readProgram(file: string, name: string): Promise<RawDocument> {
  const places = new PlaceIndex();
  const report = new Report(name, places);
  const built = await bundle(file);
  if (!('text' in built)) {
    for (const mistake of built) sayBuildMistake(mistake, file, report);
    return { value: undefined, places, report, complete: false };
  }
  const folder = await mkdtemp(join(tmpdir(), 'sluice-'));
  try {
    const value = await runBundle(built, folder, file, places, report);
    return { value, places, report, complete: report.clean, code: built.digest };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runBundle(
  { text, map }: Bundle,
  folder: string,
  file: string,
  places: PlaceIndex,
  report: Report,
): Promise<unknown> {
  const path = join(folder, 'declaration.mjs');
  await writeFile(path, text, { mode: 0o600 });
  const url = pathToFileURL(path).href;
  const calls = new CallPlaces(file, url, map);
  const outcome = await exported(url);
  if ('thrown' in outcome) {
    const { thrown } = outcome;
    const place = calls.find(thrown instanceof Error ? thrown.stack : undefined);
    report.addAt(place, [], { code: 'syntax', message: `the program failed: ${firstLine(thrown)}` });
    return undefined;
  }
  if (outcome.value === undefined) {
    const hint = 'export default pipeline({ … })';
    report.add([], { code: 'syntax', message: 'the program has no default export', hint });
    return undefined;
  }
  return plainData(outcome.value, {
    say: (at, mistake) => report.add(at, mistake),
    object: (at, value) => {
      const place = calls.find((value as { readonly [callSite]?: unknown })[callSite]);
      if (place) places.set(at, place);
    },
  });
}

/** The default export of a module, or what it threw. */
async function exported(url: string): Promise<{ readonly value: unknown } | { readonly thrown: unknown }> {
  const timer = new AbortController();
  const late = wait(MAX_RUN_MS, undefined, { signal: timer.signal }).then(
    () => ({ thrown: new Error(`it did not end within ${MAX_RUN_MS / 1000} seconds`) }),
    () => ({ thrown: undefined }),
  );
  const loaded = import(/* @vite-ignore */ url).then(
    (module: { readonly default?: unknown }) => ({ value: module.default }),
    (thrown: unknown) => ({ thrown }),
  );
  const outcome = await Promise.race([loaded, late]);
  timer.abort();
  return outcome;
}

const MAX_MESSAGE = 200;

function firstLine(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return (message.split('\n')[0] ?? '').slice(0, MAX_MESSAGE);
}

/** Mistakes of files that the program imports are named with their file, without a line of this one. */
function sayBuildMistake(
  { message, file: inFile, line, column }: BuildMistake,
  file: string,
  report: Report,
): void {
  const isHere = inFile === undefined || resolve(dirname(file), inFile) === file;
  const place = isHere && line !== undefined ? { line, ...(column !== undefined && { column }) } : undefined;
  const where = isHere ? '' : ` (${basename(inFile)}:${line})`;
  report.addAt(place, [], { code: 'syntax', message: `${message}${where}` });
}
