import { writeFile } from 'node:fs/promises';
import { SluiceError } from '../../../errors.js';
import type { Batch } from '../../../values/batch.js';
import type { Comparison } from '../../comparison.js';
import type {
  Context,
  Finished,
  Incoming,
  Refused,
  Sink,
  SinkPlan,
  Writer,
  Written,
} from '../../connector.js';
import type { Store } from '../../store.js';
import type { FileBuild, RowEncoder, RowsFormat, Segment } from '../format.js';
import { formatOf } from '../formats.js';
import type { FileSinkOptions } from '../options.js';
import { type FileSinkSettings, settingsOf } from '../sink-options.js';
import { changeName } from './change-name.js';
import { planChanges } from './change-plan.js';
import { type KeptLoad, KeptLoads } from './kept-loads.js';

/** Changes as files that are added: each load is one, and stays as it is. */
export function createChangeSink(options: FileSinkOptions, store: Store, context: Context): Sink {
  return new ChangeSink(settingsOf(options), store, context);
}

type Recorded = ReadonlyMap<string, Pick<Written, 'written' | 'unchanged' | 'units'> & { rejected: number }>;

class ChangeSink implements Sink {
  readonly #settings: FileSinkSettings;
  readonly #store: Store;
  readonly #context: Context;
  readonly #loads: KeptLoads;
  readonly #stop = new AbortController();
  #suffix = '';
  #rows: RowsFormat | undefined;
  #isOpen = false;

  constructor(settings: FileSinkSettings, store: Store, context: Context) {
    this.#settings = settings;
    this.#store = store;
    this.#context = context;
    this.#loads = new KeptLoads(context.scratch, context.replay === true);
  }

  async plan(given: Incoming): Promise<SinkPlan> {
    const incoming = given.named ? { ...given, columns: given.named, open: false } : given;
    const { suffix, need, plan } = formatOf(this.#settings.files);
    await need?.();
    const format = plan(incoming);
    this.#suffix = suffix;
    this.#rows = format.rows;
    const context = this.#context;
    return await planChanges({ settings: this.#settings, store: this.#store, incoming, format, context });
  }

  trial(batch: Batch): readonly Refused[] {
    return this.#rows?.encoder().encode(batch).refused ?? [];
  }

  async open(): Promise<void> {
    await this.#loads.begin(this.#context.run);
    this.#isOpen = true;
  }

  /**
   * A load whose file was made is put by that file, if it is not there. One that is not kept here is known by its name when it is
   * written again.
   */
  async recorded(tokens: readonly string[]): Promise<Recorded> {
    const recorded = new Map<string, { written: number; unchanged: 0; rejected: number; units: 0 }>();
    for (const token of tokens) {
      const kept = await this.#loads.find(token);
      if (!kept) continue;
      await this.#send(kept);
      recorded.set(token, { written: kept.rows, unchanged: 0, rejected: kept.refused.length, units: 0 });
    }
    return recorded;
  }

  async writer(): Promise<Writer> {
    const rows = this.#planned();
    const encoder = rows.encoder();
    return {
      write: (batch, token) => this.#write(rows, encoder, batch, token),
      close: async () => undefined,
    };
  }

  comparison(): Promise<Comparison> {
    const message = `${this.#settings.table}: files of changes are the history of a table, and are not compared with it`;
    return Promise.reject(new SluiceError('unsupported', message));
  }

  async finish(): Promise<Finished> {
    return { deleted: 0, findings: [] };
  }

  async abandon(): Promise<void> {
    this.#stop.abort(new SluiceError('interrupted', 'the run was interrupted'));
  }

  async close(): Promise<void> {
    await this.abandon();
    if (this.#isOpen && !this.#context.lasting) await this.#loads.clear();
    this.#isOpen = false;
    await this.#store.close();
  }

  async #write(rows: RowsFormat, encoder: RowEncoder, batch: Batch, token: string): Promise<Written> {
    const found = await this.#loads.find(token);
    if (found) checkSame(this.#settings.table, found, batch);
    const load = found ?? (await this.#make(rows, encoder, batch, token));
    if (!Array.isArray(load)) await this.#send(load);
    const refused = Array.isArray(load) ? load : load.refused;
    return { written: batch.rows.length - refused.length, unchanged: 0, rejects: refused, units: 0 };
  }

  /** Without a row that is good there is no file: then only why. */
  async #make(
    rows: RowsFormat,
    encoder: RowEncoder,
    batch: Batch,
    token: string,
  ): Promise<KeptLoad | Refused[]> {
    const encoded = encoder.encode(batch);
    if (encoded.rows === 0) return [...encoded.refused];
    const { table } = this.#settings;
    const name = changeName({ table, suffix: this.#suffix }, this.#context, batch, token);
    const signal = AbortSignal.any([this.#context.signal, this.#stop.signal]);
    return await this.#loads.keep(token, async ({ rows: path, file }) => {
      await writeFile(path, encoded.buffers, { mode: 0o600 });
      const bytes = encoded.buffers.reduce((sum, buffer) => sum + buffer.length, 0);
      const segment = { path, bytes, rows: encoded.rows };
      const held = await rowsBuilt(rows.begin(file, signal), segment);
      if (held !== encoded.rows) throw shortfall(name, held, encoded.rows);
      return { run: this.#context.run, token, name, rows: encoded.rows, refused: encoded.refused };
    });
  }

  async #send({ token, name, bytes }: KeptLoad): Promise<void> {
    if (await this.#loads.isSent(token)) return;
    const stored = await this.#store.putNew(name, this.#loads.fileOf(token));
    // What a replay sends again is one change, whichever declaration made the file before.
    if (stored.bytes !== bytes && !this.#context.replay) throw another(name);
    await this.#loads.sent(token);
  }

  #planned(): RowsFormat {
    if (this.#rows === undefined) throw new Error('a sink whose plan is refused is not opened');
    return this.#rows;
  }
}

/** Makes the segment the whole file; gives how many rows that says that it holds. */
async function rowsBuilt(build: FileBuild, segment: Segment): Promise<number> {
  try {
    await build.add([segment]);
    return (await build.end()).rows;
  } finally {
    await build.close();
  }
}

/** What a load was is settled by its first attempt. */
function checkSame(table: string, { rows, refused }: KeptLoad, batch: Batch): void {
  if (rows + refused.length === batch.rows.length) return;
  const message = `${table}: a load was begun by another declaration, and its file is made`;
  throw new SluiceError('not_resumable', message, {
    hint: 'put the declaration back for one run, or begin anew with --fresh',
  });
}

function another(name: string): SluiceError {
  return new SluiceError('file_changed', `${name} is there, and is not what this load writes`, {
    hint: 'nobody else may write below the folder: see which of both is right, move the file away, and run again',
  });
}

function shortfall(name: string, rows: number, wanted: number): SluiceError {
  return new SluiceError('counts_differ', `${name} holds ${rows} rows, and ${wanted} were written to it`);
}
