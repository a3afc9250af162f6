/**
 * A folder that holds the newest export and nothing else, for readers that take whatever lies below a fixed prefix and know
 * no LATEST.json: `FOLDER/newest/NAME/…`. It is a copy. Readers find the old one until the new one is there whole: from the
 * first object of the new one that is shown to the last of the old one that is removed they may find both, never none. A store
 * makes that as short as it can; of a bucket it is a call for each new object, sixteen at a time, and one for a
 * thousand old ones.
 */
import * as z from 'zod';
import { SluiceError } from '../errors.js';
import type { Latest } from './manifest.js';
import { filesOf } from './manifest-text.js';
import { readLatest } from './published.js';
import type { ObjectCopy, Store } from './store.js';

const NEWEST = 'newest/';
const MAX_TURNS = 50;

/** `FOLDER/newest.json`: what lies there, or is about to. Only what it names is ever removed. */
const shownSchema = z.object({
  sluice: z.literal(1),
  exports: z.array(z.object({ export: z.string().min(1).max(255), names: z.array(z.string().max(1024)) })),
});

type Shown = z.infer<typeof shownSchema>['exports'];

/**
 * Shows the export of LATEST.json: to be called after `publish` and before `prune`, which removes what is copied from.
 * A run that was killed in between is gone on with.
 */
export async function showNewest(store: Store, folder: string): Promise<void> {
  const own: Shown = [];
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const latest = (await readLatest(store, folder))?.latest;
    if (latest === undefined || (await shownInTurn(store, folder, latest, own)))
      return await store.clearText?.(`${folder}newest.json`);
  }
  const message = `${folder}newest.json was changed by others ${MAX_TURNS} times`;
  throw new SluiceError('server_error', message, { retry: 'later' });
}

/** False where another run came between. `own` is what this one has shown: the other may have looked before it was there. */
async function shownInTurn(store: Store, folder: string, latest: Latest, own: Shown): Promise<boolean> {
  const path = `${folder}newest.json`;
  const before = await store.readText(path);
  const shown = before === undefined ? [] : parsed(before.text, path);
  const coming = { export: latest.export, names: filesOf(latest).map(({ name }) => NEWEST + name) };
  const others = [...shown, ...own].filter((one) => one.export !== latest.export);
  const missing = await missingOf(store, folder, latest);
  if (missing.length === 0 && others.length === 0 && shown.length > 0) return true;
  // A run that published one of those kept may be copying it at this moment; what was given up is kept no more one day.
  await store.clearUploads(
    folder + NEWEST,
    latest.kept.map((name) => `${folder}${NEWEST}${name}/`),
  );
  const copies = await store.copyHidden(missing);
  try {
    const claimed = await store.putText(path, shownText([coming, ...others]), before?.version);
    if (claimed === 'changed') return false;
    own.push(coming);
    await copies.show();
    await store.remove(others.flatMap(({ names }) => names.map((name) => folder + name)));
    return (await store.putText(path, shownText([coming]), claimed.version)) !== 'changed';
  } finally {
    await copies.drop();
  }
}

/** What an earlier attempt has not shown yet. */
async function missingOf(store: Store, folder: string, latest: Latest): Promise<ObjectCopy[]> {
  const there = new Map<string, number>();
  for await (const { name, bytes } of store.list(`${folder}${NEWEST}${latest.export}/`))
    there.set(name, bytes);
  return filesOf(latest).flatMap(({ name, bytes, version }) => {
    const to = folder + NEWEST + name;
    return there.get(to) === bytes ? [] : [{ from: folder + name, to, bytes, version }];
  });
}

function shownText(exports: Shown): string {
  return `${JSON.stringify({ sluice: 1, exports }, undefined, 1)}\n`;
}

function parsed(text: string, path: string): Shown {
  try {
    const { exports } = shownSchema.parse(JSON.parse(text));
    if (exports.every((one) => one.names.every((name) => name.startsWith(`${NEWEST}${one.export}/`))))
      return exports;
  } catch (cause) {
    throw new SluiceError('manifest_invalid', `${path} cannot be read`, { cause });
  }
  throw new SluiceError('manifest_invalid', `${path} names objects that are not below ${NEWEST}`);
}
