import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { RejectRecord, RejectStore } from '../engine/rejects.js';
import { SluiceError } from '../errors.js';

/** JSON Lines, appended and synced; mode 0600, made at the first reject. A symbolic link is refused. */
export class RejectFile implements RejectStore {
  readonly #path: string;
  #file: Promise<FileHandle> | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  add(records: readonly RejectRecord[]): Promise<void> {
    const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
    this.#last = this.#last.then(() => this.#append(lines));
    return this.#last;
  }

  async close(): Promise<void> {
    await this.#last.catch(() => undefined);
    await (await this.#file)?.close();
    this.#file = undefined;
  }

  async #append(lines: string): Promise<void> {
    try {
      this.#file ??= open(
        this.#path,
        constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW,
        0o600,
      );
      const file = await this.#file;
      await file.appendFile(lines);
      await file.datasync();
    } catch (error) {
      throw new SluiceError('state_unusable', `the reject file ${this.#path} cannot be written`, {
        hint: 'free space, or name another state directory with --state',
        cause: error,
      });
    }
  }
}
