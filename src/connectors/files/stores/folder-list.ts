import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../../errors.js';
import { isMissing } from './folder-failures.js';
import { isOwn, isUnfinished } from './folder-paths.js';

/** Deeper folders than anybody makes: a guard. */
const MAX_DEPTH = 64;

/** Names of the files below a folder that begin with the prefix, in the order of their bytes. */
export async function* listFolder(root: string, prefix: string): AsyncGenerator<string> {
  const cut = prefix.lastIndexOf('/') + 1;
  const folders = prefix.slice(0, cut);
  // A prefix that leads out of the folder names nothing that a list could have.
  if (
    folders
      .split('/')
      .slice(0, -1)
      .some((part) => part === '' || part === '.' || part === '..')
  )
    return;
  yield* walk(root, folders, prefix, 0);
}

/** Files that were never finished, below a folder. */
export async function* unfinishedBelow(folder: string, depth = 0): AsyncGenerator<string> {
  if (depth > MAX_DEPTH) return;
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isFile() && isUnfinished(entry.name)) yield path;
    if (entry.isDirectory()) yield* unfinishedBelow(path, depth + 1);
  }
}

async function* walk(root: string, folder: string, prefix: string, depth: number): AsyncGenerator<string> {
  if (depth > MAX_DEPTH) throw new SluiceError('unsupported', 'folders lie too deep in one another');
  const entries: { readonly name: string; readonly isFolder: boolean }[] = [];
  for (const entry of await entriesOf(join(root, folder))) {
    if (isOwn(entry.name)) continue;
    const isFolder = await leadsToFolder(root, folder, entry);
    if (isFolder === undefined) continue;
    entries.push({ name: folder + entry.name + (isFolder ? '/' : ''), isFolder });
  }
  for (const { name, isFolder } of entries.sort(byBytes)) {
    if (!name.startsWith(prefix) && !(isFolder && prefix.startsWith(name))) continue;
    if (isFolder) yield* walk(root, name, prefix, depth + 1);
    else yield name;
  }
}

/** Undefined for what is neither a file nor a folder. Links to files are files; where they lead is looked at by who reads. */
async function leadsToFolder(root: string, folder: string, entry: Dirent): Promise<boolean | undefined> {
  if (entry.isDirectory()) return true;
  if (entry.isFile()) return false;
  if (!entry.isSymbolicLink()) return undefined;
  try {
    const found = await stat(await realpath(join(root, folder, entry.name)));
    if (!found.isDirectory()) return false;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  throw new SluiceError('unsupported', `${folder}${entry.name} is a symbolic link to a folder`, {
    hint: 'name the folder that it leads to as a connection of its own',
  });
}

async function entriesOf(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function byBytes(one: { readonly name: string }, other: { readonly name: string }): number {
  return Buffer.compare(Buffer.from(one.name), Buffer.from(other.name));
}
