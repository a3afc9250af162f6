import { SluiceError } from '../../../errors.js';
import type { Batch } from '../../../values/batch.js';
import type {
  Context,
  FoundRow,
  KeyValues,
  Part,
  Permission,
  ReadRequest,
  Source,
  SourceDescription,
  SourceReport,
  Stretch,
  Uniqueness,
} from '../../connector.js';
import type { Store, StoreDescription } from '../../store.js';
import type { FileBatch } from '../file-batch.js';
import type { FileSourceOptions } from '../options.js';
import { csvTable } from './csv-table.js';
import { checkKey, findRow } from './find-row.js';
import { checkSame, findTable } from './find-table.js';
import type { Format, FoundTable, SourceFile } from './found-table.js';
import { jsonLinesTable } from './jsonl-table.js';
import { filesOf, parsePosition, partsOf, positionText } from './source-parts.js';
import type { TableReader, TableRequest } from './table-reader.js';
import { uniqueByCount } from './unique.js';

/** The files of a table in a store as a source of rows. */
export function createFileSource(options: FileSourceOptions, store: Store, context: Context): Source {
  return new FileSource(options, store, context);
}

const tables: Readonly<Record<Format, (request: TableRequest) => Promise<TableReader>>> = {
  csv: csvTable,
  jsonl: jsonLinesTable,
  parquet: async (request) => (await import('./parquet-table.js')).parquetTable(request),
};

/** Rows of one read that nobody paces. */
const COUNTING = { maxRows: 10_000, maxBytes: 4 * 1024 * 1024 };

/** Bytes come as the store sends them: the pace is of the rows that are handed on. */
const alreadyRead = async () => undefined;

interface Ready {
  readonly store: StoreDescription;
  readonly table: FoundTable;
  readonly reader: TableReader;
}

class FileSource implements Source {
  readonly #options: FileSourceOptions;
  readonly #store: Store;
  readonly #context: Context;
  readonly #name: string;
  #ready: Promise<Ready> | undefined;
  #consistency = 'the files as they lie there';

  constructor(options: FileSourceOptions, store: Store, context: Context) {
    if (options.table === undefined) {
      throw new SluiceError('declaration_invalid', 'a source of files needs a table', { path: 'from.table' });
    }
    this.#options = options;
    this.#store = store;
    this.#context = context;
    this.#name = options.table;
  }

  async describe(): Promise<SourceDescription> {
    const { store, table, reader } = await this.#prepare();
    const rows = table.manifest?.rows ?? reader.rows;
    return {
      name: `${store.name}${table.shown}`,
      identity: `${store.identity}/${this.#name}`,
      columns: reader.columns,
      open: reader.open,
      key: table.manifest?.key ?? [],
      ...(rows === undefined ? {} : { rows }),
      bytes: table.files.reduce((sum, { bytes }) => sum + bytes, 0),
      ranged: true,
      consistency: this.#consistency,
      findings: [...store.findings, ...reader.findings],
      permissions: permissionsOf(store),
    };
  }

  async parts(wanted: number): Promise<readonly Part[]> {
    return partsOf((await this.#prepare()).table.files, wanted);
  }

  async *read(part: Part, request: ReadRequest): AsyncGenerator<Batch, void, void> {
    const { reader } = await this.#prepare();
    const { signal } = this.#context;
    const files = filesOf(part);
    const after = request.after === undefined ? undefined : parsePosition<object>(request.after, files);
    const through = request.through === undefined ? undefined : parsePosition<object>(request.through, files);
    const last = through?.file ?? files.length - 1;
    let left = request.atMost ?? Number.POSITIVE_INFINITY;
    for (let index = after?.file ?? 0; index <= last && left > 0; index++) {
      const file = files[index] as SourceFile;
      await this.#checkFile(file);
      const batches = reader.read(file, {
        ...(after?.file === index ? { after: after.place } : {}),
        ...(through?.file === index ? { through: through.place } : {}),
        request: this.#paced(request),
      });
      let rows = after?.file === index ? rowsBefore(after.place) : 0;
      for await (const batch of batches) {
        await this.#context.paceRead({ items: batch.rows.length, bytes: batch.bytes }, alreadyRead);
        yield batchOf(batch, index);
        signal.throwIfAborted();
        rows = rowsBefore(batch.place);
        left -= batch.rows.length;
        if (left <= 0) return;
      }
      if (through?.file !== index) checkRows(file, rows);
    }
  }

  async unique(columns: readonly string[]): Promise<Uniqueness> {
    if (columns.length === 0) return 'unknown';
    const { table, reader } = await this.#prepare();
    const known = new Set(reader.columns.map(({ name }) => name));
    if (!reader.open && !columns.every((name) => known.has(name))) return 'unknown';
    const key = table.manifest?.key ?? [];
    if (key.length > 0 && key.every((name) => columns.includes(name))) return 'index';
    return await uniqueByCount(this.#all(), columns, this.#context.scratch);
  }

  async find(key: KeyValues, within?: Stretch): Promise<FoundRow | undefined> {
    const { reader } = await this.#prepare();
    checkKey(key, reader.columns, reader.open);
    if (!within) return await findRow(this.#all(), key);
    const { part, ...bounds } = within;
    return await findRow(this.read(part, { ...COUNTING, ...bounds }), key);
  }

  report(): SourceReport {
    return { consistency: this.#consistency, units: 0 };
  }

  async close(): Promise<void> {
    await this.#ready?.catch(() => undefined);
    await this.#store.close();
  }

  /** A paced read takes no more at once than the pace allows in a second. */
  #paced(request: ReadRequest): ReadRequest {
    const { items = request.maxRows, bytes = request.maxBytes } = this.#context.readRates ?? {};
    return {
      ...request,
      maxRows: Math.max(1, Math.min(request.maxRows, Math.floor(items))),
      maxBytes: Math.max(1, Math.min(request.maxBytes, Math.floor(bytes))),
    };
  }

  #prepare(): Promise<Ready> {
    this.#ready ??= this.#open().catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  async #open(): Promise<Ready> {
    const { format, columns: declared } = this.#options;
    const store = await this.#store.describe('read');
    const refusal = store.findings.find(({ level }) => level === 'refuse');
    if (refusal && refusal.code !== 'note') {
      throw new SluiceError(refusal.code, refusal.message, {
        ...(refusal.hint === undefined ? {} : { hint: refusal.hint }),
      });
    }
    const table = await findTable(this.#store, this.#name, format);
    if (table.manifest) this.#consistency = `one export, of ${table.manifest.asOf}`;
    const request = { store: this.#store, context: this.#context, table, declared };
    return { store, table, reader: await tables[format](request) };
  }

  async *#all(): AsyncGenerator<Batch, void, void> {
    for (const part of await this.parts(1)) yield* this.read(part, COUNTING);
  }

  /** It is still the file that the part was cut from. @throws SluiceError file_missing, file_changed */
  async #checkFile(file: SourceFile): Promise<void> {
    for await (const found of this.#store.list(file.name)) {
      if (found.name === file.name) {
        checkSame(file, found);
        return;
      }
    }
    checkSame(file, undefined);
  }
}

function batchOf({ columns, rows, bytes, refused, place }: FileBatch<object>, file: number): Batch {
  return {
    columns,
    rows,
    bytes,
    position: positionText({ file, place }),
    ...(refused.length > 0 ? { refused } : {}),
  };
}

function rowsBefore(place: object): number {
  return (place as { readonly rows: number }).rows;
}

/** Invariant 3: what a file lacks of what its manifest counts is an error. */
function checkRows(file: SourceFile, rows: number): void {
  if (file.rows === undefined || file.rows === rows) return;
  throw new SluiceError(
    'counts_differ',
    `${file.name} holds ${rows} rows, and its manifest says ${file.rows}`,
  );
}

/** A folder needs no permission that could be granted; a person is told what is read all the same. */
function permissionsOf({ name, permissions }: StoreDescription): readonly Permission[] {
  if (permissions.length > 0) return permissions;
  return [{ action: 'read', resource: name, reason: 'reads the files of the table' }];
}
