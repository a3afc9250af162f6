import type { RejectRecord, RejectSettled } from '../engine/rejects.js';
import type { LoadRejects } from '../engine/replicate/replicate-run.js';
import { RecordFile } from './record-file.js';
import { readRejectFile } from './reject-folder.js';

/** A record file that is made at the first reject. It holds rows (invariant 8: mode 0600). */
export class RejectFile implements LoadRejects {
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

  /** The numbers of the rows of a batch that are rejects and not settled. */
  async open(token: string): Promise<ReadonlySet<number>> {
    const records = await readRejectFile(this.#path);
    return new Set(records.filter((record) => record.token === token).map(({ index }) => index));
  }

  async close(): Promise<void> {
    const file = await this.#file?.catch(() => undefined); // whoever added has had the error
    this.#file = undefined;
    await file?.close();
  }
}
