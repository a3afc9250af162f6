import { hash } from 'node:crypto';
import { SluiceError } from '../../errors.js';
import type { Batch } from '../../values/batch.js';
import type { Comparison } from '../comparison.js';
import type {
  Context,
  Finished,
  Incoming,
  KeepRefused,
  Refused,
  Sink,
  SinkPlan,
  Writer,
  Written,
} from '../connector.js';
import type { Store } from '../store.js';
import { exportComparison } from './comparison.js';
import { fileName } from './export-names.js';
import { FileMaker } from './file-maker.js';
import type { FormatPlan, RowEncoder, RowsFormat } from './format.js';
import { formatOf } from './formats.js';
import type { FileSinkOptions } from './options.js';
import { clearLeftovers, clearOwnUploads, markUnfinished, publishExport } from './publication.js';
import { type FileSinkSettings, settingsOf } from './sink-options.js';
import { planSink } from './sink-plan.js';
import { type FinishedFile, Spool, type SpoolHead } from './spool.js';

/** Files of one format below a folder of a store: each run writes a whole new export of them. */
export function createSink(options: FileSinkOptions, store: Store, context: Context): Sink {
  return new FileSink(settingsOf(options), store, context);
}

type Recorded = ReadonlyMap<string, Pick<Written, 'written' | 'unchanged' | 'units'> & { rejected: number }>;

/** What is known once the sink is planned. */
interface Planned {
  readonly format: FormatPlan;
  readonly incoming: Incoming;
  readonly suffix: string;
}

/** What exists once the sink is open. */
interface Opened {
  readonly head: SpoolHead;
  readonly rows: RowsFormat;
  readonly maker: FileMaker;
  /** By token: what this run has written, this attempt and those before. */
  readonly written: Map<string, { readonly rows: number; readonly rejected: number }>;
}

class FileSink implements Sink {
  readonly #settings: FileSinkSettings;
  readonly #store: Store;
  readonly #context: Context;
  readonly #spool: Spool;
  readonly #stop = new AbortController();
  #planned: Planned | undefined;
  #opened: Opened | undefined;

  constructor(settings: FileSinkSettings, store: Store, context: Context) {
    this.#settings = settings;
    this.#store = store;
    this.#context = context;
    this.#spool = new Spool(context.scratch);
  }

  async plan(given: Incoming): Promise<SinkPlan> {
    const incoming = given.named ? { ...given, columns: given.named, open: false } : given;
    const { suffix, need, plan } = formatOf(this.#settings.files);
    await need?.();
    const format = plan(incoming);
    this.#planned = { format, incoming, suffix };
    return await planSink({
      settings: this.#settings,
      store: this.#store,
      incoming,
      format,
      context: this.#context,
    });
  }

  trial(batch: Batch): readonly Refused[] {
    return this.#planned?.format.rows?.encoder().encode(batch).refused ?? [];
  }

  async open({ resume }: { readonly resume: boolean }): Promise<void> {
    const { rows } = this.#isPlanned().format;
    if (rows === undefined) throw new Error('a sink whose plan is refused is not opened');
    const form = hash('sha256', JSON.stringify([this.#settings, rows.columns]));
    const before = resume ? await this.#spool.head() : undefined;
    if (before && before.form !== form) throw formChanged(this.#settings.table);
    if (resume && before?.run !== this.#context.run) throw spoolLost(this.#settings.table);
    const head = before ?? { run: this.#context.run, asOf: new Date().toISOString(), form };
    const place = { settings: this.#settings, store: this.#store, context: this.#context };
    if (before) await clearOwnUploads(place);
    else {
      await clearLeftovers(place);
      await this.#spool.begin(head);
      await markUnfinished(place);
    }
    this.#opened = await this.#openedAt(head, rows);
  }

  async recorded(tokens: readonly string[]): Promise<Recorded> {
    const { written } = this.#isOpen();
    return new Map(
      tokens.flatMap((token) => {
        const found = written.get(token);
        if (!found) return [];
        return [[token, { written: found.rows, unchanged: 0, rejected: found.rejected, units: 0 }] as const];
      }),
    );
  }

  async writer(): Promise<Writer> {
    const encoder = this.#isOpen().rows.encoder();
    return {
      write: (batch, token, keep) => this.#write(encoder, batch, token, keep),
      close: async () => undefined,
    };
  }

  async comparison(): Promise<Comparison> {
    const { rows } = this.#isPlanned().format;
    if (rows === undefined) throw new Error('a sink whose plan is refused is not compared');
    if (this.#settings.files.forPeople) {
      throw new SluiceError('unsupported', `${this.#settings.table}: files for people are not exact`);
    }
    return exportComparison({ settings: this.#settings, store: this.#store, context: this.#context, rows });
  }

  async finish(): Promise<Finished> {
    const { maker, head, rows, written } = this.#isOpen();
    const files = await maker.finish();
    checkRows(this.#settings.table, files, written);
    await publishExport({
      settings: this.#settings,
      store: this.#store,
      context: this.#context,
      asOf: head.asOf,
      columns: rows.columns,
      key: this.#isPlanned().incoming.key,
      files,
    });
    return { deleted: 0, findings: [] };
  }

  async abandon(): Promise<void> {
    this.#stop.abort(new SluiceError('interrupted', 'the run was interrupted'));
    await this.#opened?.maker.settle();
  }

  async close(): Promise<void> {
    await this.abandon();
    if (this.#opened && !this.#context.lasting) await this.#spool.clear();
    this.#opened = undefined;
    await this.#store.close();
  }

  async #write(
    encoder: RowEncoder,
    batch: Batch,
    token: string,
    keep: KeepRefused | undefined,
  ): Promise<Written> {
    const { written, maker } = this.#isOpen();
    const rows = encoder.encode(batch);
    const counts = { written: rows.rows, unchanged: 0, rejects: rows.refused, units: 0 };
    if (written.has(token)) return counts;
    if (rows.refused.length > 0) await keep?.(rows.refused);
    maker.announce(token);
    const segment = await this.#spool.keep(token, rows);
    written.set(token, { rows: segment.rows, rejected: segment.rejected });
    await maker.add(segment);
    return counts;
  }

  /** What is on disk, gone on with. Segments whose file was recorded and that were not removed any more are. */
  async #openedAt(head: SpoolHead, rows: RowsFormat): Promise<Opened> {
    const finished = await this.#spool.finishedFiles();
    const inFiles = new Set(finished.flatMap(({ segments }) => segments.map(({ token }) => token)));
    const segments = await this.#spool.segments();
    await this.#spool.remove(segments.filter(({ token }) => inFiles.has(token)));
    const waiting = segments.filter(({ token }) => !inFiles.has(token));
    const { suffix } = this.#isPlanned();
    const maker = new FileMaker(
      {
        spool: this.#spool,
        store: this.#store,
        format: rows,
        bounds: this.#settings.bounds,
        nameOf: (index) => fileName(this.#settings, head.run, suffix, index),
        signal: AbortSignal.any([this.#context.signal, this.#stop.signal]),
      },
      finished,
      waiting,
    );
    const all = [...finished.flatMap((file) => file.segments), ...waiting];
    return { head, rows, maker, written: new Map(all.map((segment) => [segment.token, segment])) };
  }

  #isPlanned(): Planned {
    if (this.#planned === undefined) throw new Error('a sink is planned before it is opened');
    return this.#planned;
  }

  #isOpen(): Opened {
    if (this.#opened === undefined) throw new Error('a sink is opened before it is written');
    return this.#opened;
  }
}

/** What the files say that they hold is what was written (invariant 3). */
function checkRows(
  table: string,
  files: readonly FinishedFile[],
  written: ReadonlyMap<string, { readonly rows: number }>,
): void {
  const held = files.reduce((sum, { rows }) => sum + rows, 0);
  const wanted = [...written.values()].reduce((sum, { rows }) => sum + rows, 0);
  if (held === wanted) return;
  throw new SluiceError('counts_differ', `${table}: its files hold ${held} rows, and ${wanted} were written`);
}

function formChanged(table: string): SluiceError {
  const message = `${table}: the columns, or the options of the files, are others than when the run began`;
  return new SluiceError('not_resumable', message, { hint: 'run with --fresh: the export begins anew' });
}

function spoolLost(table: string): SluiceError {
  const message = `${table}: what the run wrote before is not on this machine any more`;
  return new SluiceError('not_resumable', message, { hint: 'run with --fresh: the export begins anew' });
}
