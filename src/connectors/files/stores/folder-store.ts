import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  access,
  chmod,
  copyFile,
  link,
  open,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { SluiceError } from '../../../errors.js';
import type { Context, Finding } from '../../connector.js';
import {
  type HiddenCopies,
  MAX_TEXT_BYTES,
  type ObjectCopy,
  type Store,
  type StoreDescription,
  type StoredObject,
  type StoredText,
  type StoreUse,
} from '../../store.js';
import { FolderClaim } from './folder-claim.js';
import { errnoOf, folderFailure, isMissing } from './folder-failures.js';
import { listFolder, unfinishedBelow } from './folder-list.js';
import { besideName, FolderPaths, syncFolder } from './folder-paths.js';
import { fileBytes } from './folder-read.js';

/** So often are an object's folders made. */
const MAX_PLACES = 3;

export interface FolderStoreOptions {
  /** Absolute. */
  readonly folder: string;
  /** For people: as the declaration says it. */
  readonly shown: string;
  readonly context: Context;
}

/**
 * Objects as files below a folder of this machine. A folder that is made is for its owner alone (0700); files and
 * folders in it have the mode of the folder itself. Time and size of a file are its version; of a text its SHA-256.
 */
export class FolderStore implements Store {
  readonly #options: FolderStoreOptions;
  readonly #paths: FolderPaths;

  constructor(options: FolderStoreOptions) {
    this.#options = options;
    this.#paths = new FolderPaths(options.folder);
  }

  async describe(use: StoreUse): Promise<StoreDescription> {
    const { folder, shown } = this.#options;
    const root = await this.#tried('looked at', '', () => this.#paths.root());
    return {
      name: shown.endsWith('/') ? shown : `${shown}/`,
      identity: `files:${root ?? folder}`,
      findings: await this.#findings(use, root),
      permissions: [],
    };
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    const root = await this.#tried('listed', '', () => this.#paths.root());
    if (root === undefined) return;
    try {
      for await (const name of listFolder(root, prefix)) {
        const found = await this.#stored(name);
        if (found) yield found;
      }
    } catch (error) {
      throw folderFailure('listed', prefix, error);
    }
  }

  open(name: string, range: { readonly start: number; readonly end?: number } = { start: 0 }) {
    return this.#tried('read', name, async (): Promise<Readable | undefined> => {
      const path = await this.#paths.find(name);
      return path === undefined
        ? undefined
        : await fileBytes(path, name, range, this.#options.context.signal);
    });
  }

  localPath(name: string): Promise<string | undefined> {
    return this.#tried('read', name, () => this.#paths.find(name));
  }

  readText(name: string): Promise<StoredText | undefined> {
    return this.#tried('read', name, async () => {
      const path = await this.#paths.find(name);
      return path === undefined ? undefined : await textAt(path, name);
    });
  }

  putFile(name: string, path: string): Promise<StoredObject> {
    return this.#tried('written', name, async () => {
      await this.#put(name, (beside) => linkedOrCopied(path, beside));
      return (await this.#stored(name)) ?? removedMeanwhile(name);
    });
  }

  putNew(name: string, path: string): Promise<StoredObject> {
    return this.#tried('written', name, async () => {
      const found = await this.#stored(name);
      if (found) return found;
      await this.#put(name, (beside) => linkedOrCopied(path, beside));
      return (await this.#stored(name)) ?? removedMeanwhile(name);
    });
  }

  putText(name: string, text: string, over: string | undefined): Promise<StoredText | 'changed'> {
    return this.#tried('written', name, async () => {
      const path = await this.#paths.place(name);
      const claim = await FolderClaim.take(path, over);
      try {
        const found = await textAt(path, name);
        if (found?.text === text) return found;
        if (found?.version !== over) return 'changed';
        const put = await this.#putText(name, text);
        await FolderClaim.clear(path, put.version);
        return put;
      } finally {
        await claim.release();
      }
    });
  }

  /** A process that was killed behind its rename leaves its claim. */
  clearText(name: string): Promise<void> {
    return this.#tried('cleared', name, async () => {
      const path = await this.#paths.findEntry(name);
      const found = path === undefined ? undefined : await textAt(path, name);
      if (path !== undefined && found !== undefined) await FolderClaim.clear(path, found.version);
    });
  }

  /** Written beside where they shall be, and renamed by `show`. */
  async copyHidden(copies: readonly ObjectCopy[]): Promise<HiddenCopies> {
    const hidden = new Map<string, string>();
    const drop = () =>
      this.#tried('removed', '', async () => {
        for (const beside of hidden.values()) await rm(beside, { force: true });
        hidden.clear();
      });
    try {
      for (const copy of copies)
        hidden.set(copy.to, await this.#tried('copied', copy.from, () => this.#copyBeside(copy)));
    } catch (error) {
      await drop();
      throw error;
    }
    const show = async () => {
      for (const [name, beside] of hidden) {
        await this.#tried('written', name, async () => rename(beside, await this.#paths.place(name)));
        hidden.delete(name);
      }
      await this.#tried('written', '', async () => {
        const folders = await Promise.all(copies.map(({ to }) => this.#paths.place(to)));
        for (const folder of new Set(folders.map(dirname))) await syncFolder(folder);
      });
    };
    return { show, drop };
  }

  writeText(name: string, text: string): Promise<StoredText> {
    return this.#tried('written', name, () => this.#putText(name, text));
  }

  async remove(names: readonly string[]): Promise<void> {
    const folders = new Set<string>();
    for (const name of names) {
      const folder = await this.#tried('removed', name, () => this.#removeOne(name));
      if (folder !== undefined) folders.add(folder);
    }
    await this.#tried('removed', '', () => this.#tidy(folders));
  }

  async clearUploads(folder: string, except: readonly string[] = []): Promise<void> {
    await this.#tried('cleared', folder, async () => {
      const places = [folder, ...except].map((name) => this.#paths.find(name.replace(/\/$/, '')));
      const [path, ...spared] = await Promise.all(places);
      if (path === undefined) return;
      for await (const left of unfinishedBelow(path)) {
        if (!spared.some((one) => one && left.startsWith(`${one}/`))) await rm(left, { force: true });
      }
    });
  }

  async close(): Promise<void> {
    // Nothing is held open between calls.
  }

  async #findings(use: StoreUse, root: string | undefined): Promise<Finding[]> {
    const { shown } = this.#options;
    if (root === undefined) {
      if (use !== 'read') return [];
      const hint = 'check `path`: it is meant from the folder of the declaration';
      return [{ level: 'refuse', code: 'file_missing', message: `there is no folder ${shown}`, hint }];
    }
    const [code, message] = await whyUnfit(root, use);
    return code === undefined ? [] : [{ level: 'refuse', code, message: `the folder ${shown} ${message}` }];
  }

  async #stored(name: string): Promise<StoredObject | undefined> {
    const path = await this.#paths.find(name);
    if (path === undefined) return undefined;
    try {
      const found = await stat(path, { bigint: true });
      if (!found.isFile()) return undefined;
      return { name, bytes: Number(found.size), version: `${found.mtimeNs.toString(36)}-${found.size}` };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async #putText(name: string, text: string): Promise<StoredText> {
    const bytes = Buffer.from(text);
    if (bytes.length > MAX_TEXT_BYTES) throw tooLarge(name);
    await this.#put(name, (beside) => writeFile(beside, bytes, { flag: 'wx' }));
    return { text, version: sha256Of(bytes) };
  }

  async #copyBeside({ from, to, bytes, version }: ObjectCopy): Promise<string> {
    const found = await this.#stored(from);
    const path = await this.#paths.find(from);
    if (found === undefined || path === undefined)
      throw new SluiceError('file_missing', `${from} is not there any more`);
    if (found.bytes !== bytes || found.version !== version)
      throw new SluiceError('file_changed', `${from} is not what was written`);
    const beside = join(dirname(await this.#paths.place(to)), besideName(randomChance()));
    await linkedOrCopied(path, beside);
    await syncFile(beside);
    return beside;
  }

  /**
   * Whoever looks sees the old or the new. What is not whole yet has a name that follows from the object's, so that the next
   * attempt takes the place of one that was killed: no name is written by two at once. Another process may have removed a folder
   * that was empty: it is made again.
   */
  async #put(name: string, write: (beside: string) => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const path = await this.#paths.place(name);
        await this.#putOnce(path, join(dirname(path), besideName(chanceOf(name))), write);
        return;
      } catch (error) {
        if (!isMissing(error) || attempt === MAX_PLACES) throw error;
      }
    }
  }

  /** Written beside, made to last, and renamed. */
  async #putOnce(path: string, beside: string, write: (beside: string) => Promise<void>): Promise<void> {
    await rm(beside, { force: true });
    try {
      await write(beside);
      await chmod(beside, await this.#paths.fileMode());
      await markTime(beside);
      await syncFile(beside);
      await rename(beside, path);
    } finally {
      // After a failure, and where both are links to one file: then rename(2) leaves both.
      await rm(beside, { force: true });
    }
    await syncFolder(dirname(path));
  }

  /** The folder that it lay in: whoever removed it before may have been killed then, and have left that empty. */
  async #removeOne(name: string): Promise<string | undefined> {
    const path = await this.#paths.findEntry(name);
    if (path === undefined) return await this.#paths.findFolder(name);
    try {
      await unlink(path);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    return dirname(path);
  }

  /** Makes the removals last, and removes the folders that they left empty; never the store's own. */
  async #tidy(folders: ReadonlySet<string>): Promise<void> {
    const root = await this.#paths.root();
    for (const folder of folders) {
      await syncFolder(folder);
      for (let at = folder; at !== root && at.length > (root?.length ?? 0); at = dirname(at)) {
        if (!(await removedEmpty(at))) break;
      }
    }
  }

  #tried<Value>(what: string, name: string, call: () => Promise<Value>): Promise<Value> {
    return this.#options.context.retry(async () => {
      try {
        return await call();
      } catch (error) {
        throw folderFailure(what, name, error);
      }
    });
  }
}

function removedMeanwhile(name: string): never {
  throw new SluiceError('file_missing', `${name} was removed while it was written`);
}

async function whyUnfit(
  root: string,
  use: StoreUse,
): Promise<['access_denied' | 'unsupported', string] | [undefined, '']> {
  if (!(await stat(root)).isDirectory()) return ['unsupported', 'is a file'];
  const { R_OK, W_OK, X_OK } = constants;
  try {
    await access(root, use === 'read' ? R_OK | X_OK : R_OK | W_OK | X_OK);
    return [undefined, ''];
  } catch {
    return ['access_denied', use === 'read' ? 'may not be read' : 'may not be written to'];
  }
}

/** Undefined where there is none. */
async function textAt(path: string, name: string): Promise<StoredText | undefined> {
  try {
    if ((await stat(path)).size > MAX_TEXT_BYTES) throw tooLarge(name);
    const bytes = await readFile(path);
    return { text: bytes.toString('utf8'), version: sha256Of(bytes) };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function tooLarge(name: string): SluiceError {
  return new SluiceError('unsupported', `${name} is larger than ${MAX_TEXT_BYTES} bytes`, {
    hint: 'have fewer, larger files in an export',
  });
}

function randomChance(): string {
  return randomBytes(8).toString('hex');
}

function chanceOf(name: string): string {
  return sha256Of(Buffer.from(name)).slice(0, 16);
}

/** A link costs nothing; another file system gets a copy. */
async function linkedOrCopied(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!cannotLink.has(errnoOf(error) ?? '')) throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    if ((await stat(from)).size === (await stat(to)).size) return;
    throw new SluiceError('file_changed', 'a file was changed while it was copied');
  }
}

const cannotLink = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES']);

/** To the microsecond: a file system's own clock is so coarse that two files of one size could have one version. */
async function markTime(path: string): Promise<void> {
  const seconds = (performance.timeOrigin + performance.now()) / 1000;
  await utimes(path, seconds, seconds);
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function removedEmpty(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return errnoOf(error) === 'ENOENT';
  }
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
