/**
 * Exports in a folder of a store, as a reader of LATEST.json finds them (manifest.ts). `folder` is empty or ends with `/`.
 */
import { SluiceError } from '../errors.js';
import type { Finding } from './connector.js';
import type { Latest, Manifest } from './manifest.js';
import { filesOf, manifestText, parseLatest, parseManifest } from './manifest-text.js';
import type { Store } from './store.js';

/** Others may publish meanwhile; so many in a row is something else. */
const MAX_TURNS = 50;

export interface FoundLatest {
  readonly latest: Latest;
  readonly version: string;
}

/** Undefined where nothing was published yet. @throws SluiceError manifest_invalid */
export async function readLatest(store: Store, folder: string): Promise<FoundLatest | undefined> {
  const name = `${folder}LATEST.json`;
  const found = await store.readText(name);
  return found && { latest: parseLatest(found.text, name), version: found.version };
}

/**
 * Makes a complete export the one that readers find: its manifest, then LATEST.json by one conditional put. An export that
 * was published already stays so. Where another run of the step has published data that is newer (`asOf`) meanwhile, that
 * stays the newest, and this one is kept behind it as long as `prune` keeps so many. Gives LATEST.json as it is then.
 * @throws SluiceError folder_taken where another step's exports lie there
 */
export async function publish(store: Store, folder: string, manifest: Manifest): Promise<Latest> {
  const name = `${folder}${manifest.export}/manifest.json`;
  const text = manifestText(manifest);
  parseManifest(text, name);
  let isWritten = false;
  return await inTurn(store, folder, async (found) => {
    const [taken] = ownerFindings(found?.latest, manifest);
    if (taken) throw new SluiceError('folder_taken', taken.message, { hint: taken.hint ?? '' });
    if (found && [found.latest.export, ...found.latest.kept].includes(manifest.export)) return found.latest;
    if (!isWritten) await store.writeText(name, text);
    isWritten = true;
    const latest = withExport(found?.latest, manifest);
    const put = await store.putText(`${folder}LATEST.json`, manifestText(latest), found?.version);
    return put === 'changed' ? undefined : latest;
  });
}

/**
 * Removes exports beyond the newest `keep`, by the names that their own manifests list: the objects, then the manifest; then
 * LATEST.json names them no more. One that was killed in between is gone on with. A reader who has just read the
 * LATEST.json before may lose its files from the moment the new one is there: `keep` of 2 or more leaves it until the next.
 */
export async function prune(store: Store, folder: string, keep: number): Promise<void> {
  await inTurn(store, folder, async (found) => {
    const { latest, version } = found ?? {};
    const gone = latest?.kept.slice(keep - 1).filter((name) => name !== latest.export) ?? [];
    if (latest === undefined || gone.length === 0) return true;
    // The oldest first: what is left after a kill is the newest.
    for (const name of [...gone].reverse()) await removeExport(store, folder, name);
    const text = manifestText({ ...latest, kept: latest.kept.slice(0, keep - 1) });
    const put = await store.putText(`${folder}LATEST.json`, text, version);
    return put === 'changed' ? undefined : true;
  });
  await store.clearText?.(`${folder}LATEST.json`);
}

/** A reader finds one step's exports in a folder: another's would be taken from it, and removed. */
export function ownerFindings(
  latest: Latest | undefined,
  { pipeline, step }: { readonly pipeline: string; readonly step: string },
): readonly Finding[] {
  if (!latest || (latest.pipeline === pipeline && latest.step === step)) return [];
  return [
    {
      level: 'refuse',
      code: 'folder_taken',
      message: `the folder holds exports of step ${latest.step} of pipeline ${latest.pipeline}`,
      hint: 'give each export a folder of its own; if that step is no more, move its LATEST.json away',
    },
  ];
}

async function inTurn<Value>(
  store: Store,
  folder: string,
  attempt: (found: FoundLatest | undefined) => Promise<Value | undefined>,
): Promise<Value> {
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const done = await attempt(await readLatest(store, folder));
    if (done !== undefined) return done;
  }
  const message = `${folder}LATEST.json was changed by others ${MAX_TURNS} times`;
  throw new SluiceError('server_error', message, { retry: 'later' });
}

/** The newer data is in front, whoever came first; of two of one instant the one published later. */
function withExport(before: Latest | undefined, manifest: Manifest): Latest {
  if (before === undefined) return { ...manifest, kept: [] };
  if (Date.parse(before.asOf) > Date.parse(manifest.asOf))
    return { ...before, kept: [manifest.export, ...before.kept] };
  return { ...manifest, kept: [before.export, ...before.kept] };
}

/** The manifest goes last: without one it was removed before, but perhaps not its folder. */
async function removeExport(store: Store, folder: string, name: string): Promise<void> {
  const path = `${folder}${name}/manifest.json`;
  const found = await store.readText(path);
  if (found === undefined) return await store.remove([path]);
  const manifest = parseManifest(found.text, path);
  if (manifest.export !== name) {
    throw new SluiceError('manifest_invalid', `${path} is that of another export`, {
      hint: 'restore it, or move the folder away',
    });
  }
  await store.remove(filesOf(manifest).map((file) => folder + file.name));
  await store.remove([path]);
}
