import type { RejectRecord, RejectSettled, RejectStore } from '../engine/rejects.js';
import { RecordFile } from './record-file.js';

/** A record file that is made at the first reject. It holds rows (invariant 8: mode 0600). */
export class RejectFile implements RejectStore {
  readonly #path: string;
  readonly #guard: () => Promise<void>;
  #file: Promise<RecordFile> | undefined;

  /** `guard`: see `RecordFile.open`. */
  constructor(path: string, guard: () => Promise<void>) {
    this.#path = path;
    this.#guard = guard;
  }

  async add(lines: readonly (RejectRecord | RejectSettled)[]): Promise<void> {
    this.#file ??= RecordFile.open(this.#path, this.#guard).then(({ file }) => file);
    const file = await this.#file;
    await Promise.all(lines.map((line) => file.add(line)));
  }

  async close(): Promise<void> {
    const file = await this.#file?.catch(() => undefined); // whoever added has had the error
    this.#file = undefined;
    await file?.close();
  }
}
