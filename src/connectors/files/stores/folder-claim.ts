import { createHash } from 'node:crypto';
import { type FileHandle, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { SluiceError } from '../../../errors.js';
import { isRunning, ownMark, type ProcessMark } from '../../process-mark.js';
import { errnoOf, isMissing } from './folder-failures.js';

/** A claim is held for some milliseconds: one that was made on another machine, or is torn, is dead after this long. */
const DEAD_AFTER_MS = 60_000;
/** As many holders of one claim may have been killed. */
const MAX_HOLDERS = 100;

/**
 * The right to replace one version of a file by the next, among all processes that write it. A file of the claim's own
 * is made with O_EXCL: its first holder is number 1, and where that was killed, exactly one other becomes number 2, and
 * so on. Nobody removes a claim of another but after the version that it was for is gone, and every holder looks at the
 * version after it has the claim: so two never replace the same version.
 */
export class FolderClaim {
  readonly #own: string;

  private constructor(own: string) {
    this.#own = own;
  }

  /** Throws `timeout`, to be tried again, while another process has it. */
  static async take(path: string, version: string | undefined): Promise<FolderClaim> {
    const folder = dirname(path);
    const name = claimName(path);
    const mark = JSON.stringify(await ownMark());
    for (let number = 1; number <= MAX_HOLDERS; number++) {
      const own = join(folder, `${name}${short(version ?? '')}-${number}`);
      if (await made(own, mark)) return new FolderClaim(own);
      if (await isHeld(own)) break;
    }
    throw new SluiceError('timeout', `another process is writing ${basename(path)}`, { retry: 'later' });
  }

  /** The version may be claimed again, by whoever still finds it. Killed holders before this one stay counted. */
  async release(): Promise<void> {
    await rm(this.#own, { force: true });
  }

  /** Removes what killed holders left of versions that are gone. `version` is the one that is there now. */
  static async clear(path: string, version: string): Promise<void> {
    const [folder, name] = [dirname(path), claimName(path)];
    const current = `${name}${short(version)}-`;
    for (const entry of await readdir(folder)) {
      if (!entry.startsWith(name) || entry.startsWith(current)) continue;
      const claim = join(folder, entry);
      if (!(await isHeld(claim))) await rm(claim, { force: true });
    }
  }
}

function claimName(path: string): string {
  return `.sluice-claim-${short(basename(path))}-`;
}

function short(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

async function made(path: string, text: string): Promise<boolean> {
  let file: FileHandle;
  try {
    file = await open(path, 'wx', 0o600);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    await file.writeFile(text);
    return true;
  } catch (error) {
    // On a full disk there is a file, and nobody would know whose.
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function isHeld(path: string): Promise<boolean> {
  try {
    const mark = markOf(await readFile(path, 'utf8'));
    if (mark?.host === hostname()) return await isRunning(mark);
    return Date.now() - (await stat(path)).mtimeMs < DEAD_AFTER_MS;
  } catch (error) {
    // Given back meanwhile: whoever asked tries again from the first number.
    if (isMissing(error)) return true;
    throw error;
  }
}

/** Undefined while it is being written, or where its writer was killed then. */
function markOf(text: string): ProcessMark | undefined {
  try {
    return JSON.parse(text) as ProcessMark;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
