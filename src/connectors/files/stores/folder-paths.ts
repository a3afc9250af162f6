import { chmod, mkdir, open, realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { SluiceError } from '../../../errors.js';
import { errnoOf, isMissing } from './folder-failures.js';
import { objectName } from './object-name.js';

/** Names that begin so are the store's own: unfinished files, claims, and a state folder that lies here. */
const OWN = '.sluice';
/** A folder that the store makes is for its owner alone; one that is there says by its mode who else may look. */
const NEW_ROOT_MODE = 0o700;

/** A folder, and where in it an object is. No link leads out of it: not by its own name, nor by a folder on the way. */
export class FolderPaths {
  readonly #folder: string;
  #root: { readonly path: string; readonly mode: number } | undefined;

  /** `folder` is absolute. It may be a symbolic link itself. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The folder without links; undefined where there is none. */
  async root(): Promise<string | undefined> {
    return (await this.#look())?.path;
  }

  /** Files get the folder's own mode without the right to be run. */
  async fileMode(): Promise<number> {
    return ((await this.#look())?.mode ?? NEW_ROOT_MODE) & 0o666;
  }

  /** Where the object is; undefined where there is none. */
  async find(name: string): Promise<string | undefined> {
    const root = await this.root();
    if (root === undefined) return undefined;
    try {
      return this.#within(root, await realpath(join(root, ...parts(name))), name);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Where the name itself is, a link that it may be included: for removing it. */
  async findEntry(name: string): Promise<string | undefined> {
    const root = await this.root();
    const path = parts(name);
    const last = path.pop() ?? '';
    if (root === undefined) return undefined;
    try {
      return join(this.#within(root, await realpath(join(root, ...path)), name), last);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** The folder that the name lies in or, where that is gone, the last that is left on the way there. */
  async findFolder(name: string): Promise<string | undefined> {
    for (let end = name.lastIndexOf('/'); end > 0; end = name.lastIndexOf('/', end - 1)) {
      const found = await this.find(name.slice(0, end));
      if (found !== undefined) return found;
    }
    return await this.root();
  }

  /** Where the object shall be: the folders on the way are made. */
  async place(name: string): Promise<string> {
    const { path: root, mode } = await this.#make();
    const path = parts(name);
    const last = path.pop() ?? '';
    let at = root;
    for (const part of path) {
      const next = join(at, part);
      await madeFolder(next, mode);
      at = this.#within(root, await realpath(next), name);
    }
    return join(at, last);
  }

  async #look() {
    if (this.#root) return this.#root;
    try {
      const path = await realpath(this.#folder);
      const { mode } = await stat(path);
      this.#root = { path, mode: mode & 0o777 };
      return this.#root;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async #make() {
    const found = await this.#look();
    if (found) return found;
    const first = await mkdir(this.#folder, { recursive: true, mode: NEW_ROOT_MODE });
    if (first !== undefined) await syncFolder(dirname(first));
    const made = await this.#look();
    if (made) return made;
    throw new SluiceError('unsupported', 'the folder was removed while it was made');
  }

  #within(root: string, path: string, name: string): string {
    if (path === root || path.startsWith(root.endsWith(sep) ? root : root + sep)) return path;
    throw new SluiceError('access_denied', `a symbolic link on the way to ${name} leads out of the folder`, {
      hint: 'name the folder that it leads to as a connection of its own',
    });
  }
}

/** Whether a name belongs to the store and is none of its objects. */
export function isOwn(entry: string): boolean {
  return entry === OWN || entry.startsWith(`${OWN}-`);
}

/** A name beside an object for what is not whole yet. */
export function besideName(chance: string): string {
  return `${OWN}-${chance}.part`;
}

export function isUnfinished(entry: string): boolean {
  return /^\.sluice-[0-9a-f]+\.part$/.test(entry);
}

function parts(name: string): string[] {
  const all = objectName(name).split('/');
  if (!all.some(isOwn)) return all;
  throw new SluiceError('unsupported', `names that begin with ${OWN} are the store's own`);
}

async function madeFolder(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    return;
  }
  await chmod(path, mode);
  await syncFolder(dirname(path));
}

/** Makes what was renamed or made in a folder last. Where a system cannot, it is left. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (!cannotSync.has(errnoOf(error) ?? '')) throw error;
  }
}

/** What systems say that keep folders by themselves (Windows, some network shares), and of a folder just removed. */
const cannotSync = new Set(['EISDIR', 'EPERM', 'EINVAL', 'ENOTSUP', 'ENOENT']);
