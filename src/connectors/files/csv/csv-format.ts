import type { Readable } from 'node:stream';
import type { Batch } from '../../../values/batch.js';
import type { Cell, Row } from '../../../values/cell.js';
import type { Column } from '../../../values/column.js';
import { areBytes } from '../../../values/mixed-rows.js';
import type { Finding, Incoming, Refused } from '../../connector.js';
import type { EncodedRows, FileFormat, FileOptions, FormatPlan, RowEncoder, RowsFormat } from '../format.js';
import { GrowingBytes } from '../growing-bytes.js';
import { isEnoughText, TextFile } from '../text-file.js';
import { CsvEncoder } from './encode.js';
import { PeopleCsvEncoder } from './people.js';
import { afterMark } from './read-csv.js';
import { RecordScanner } from './record-scanner.js';

/** CSV: exact (encode.ts), or for a spreadsheet (people.ts). */
export function csvFormat(options: FileOptions): FileFormat {
  return {
    suffix: options.compression === 'gzip' ? '.csv.gz' : '.csv',
    plan: (incoming) => planCsv(incoming, options),
  };
}

function planCsv(incoming: Incoming, options: FileOptions): FormatPlan {
  const { extra, forPeople } = options;
  const journeys = incoming.columns.map(({ name, type, native }) => ({
    from: name,
    fromType: native ?? type,
    to: name,
    toType: 'CSV',
    ...(forPeople || notes[type] === undefined ? {} : { note: notes[type] }),
  }));
  const findings = openFindings(incoming, extra);
  if (findings.length > 0) return { journeys, findings };
  const columns = [...incoming.columns];
  if (typeof extra === 'object') columns.push({ name: extra.into, type: 'json', nullable: true });
  return { journeys, findings, rows: rowsFormat(columns, options) };
}

const notes: Readonly<Partial<Record<Column['type'], string>>> = {
  bytes: 'base64',
  attribute: "DynamoDB's JSON; give it a type by map.as",
};

function rowsFormat(columns: readonly Column[], options: FileOptions): RowsFormat {
  const lines = () => (options.forPeople ? new PeopleCsvEncoder(columns) : new CsvEncoder(columns));
  const gzip = options.compression === 'gzip';
  return {
    columns,
    encoder: () => new CsvRowEncoder(columns, lines(), options.extra),
    isEnough: isEnoughText,
    begin: (path, signal) => {
      const count = async (text: Readable) => (await recordsIn(text)) - 1;
      return new TextFile({ header: lines().header(), path, gzip, signal, count });
    },
  };
}

/** A table of which nothing but the key is known would be a file of nothing but keys. */
function openFindings({ open, columns, key }: Incoming, extra: FileOptions['extra']): readonly Finding[] {
  if (!open || extra !== undefined || columns.some(({ name }) => !key.includes(name))) return [];
  return [
    {
      level: 'refuse',
      code: 'type_refused',
      message: 'a CSV file has the same columns in each line, and only those of the key are known',
      hint: 'name the attributes and their types: map: { only: [id, total], as: { total: decimal } }; or say to.extra, or format: jsonl',
      path: 'map.only',
    },
  ];
}

/** Records of the file, the header included, as our own reader finds them. */
async function recordsIn(text: Readable): Promise<number> {
  const growing = new GrowingBytes(text, 0);
  const scanner = new RecordScanner(growing.bytes);
  const start = await afterMark(growing);
  scanner.move(growing.bytes, start);
  let records = 0;
  for (;;) {
    while (scanner.next(growing.ended)) records++;
    if (growing.ended) return records;
    await growing.grow(scanner.at, scanner.at);
    scanner.move(growing.bytes, 0);
  }
}

/** Of a planned column: its place in a batch, or -1. */
interface Routes {
  readonly places: readonly number[];
  readonly strays: readonly number[];
  /** Rows are as planned, cell by cell. */
  readonly same: boolean;
}

class CsvRowEncoder implements RowEncoder {
  readonly #columns: readonly Column[];
  readonly #lines: CsvEncoder | PeopleCsvEncoder;
  readonly #extra: FileOptions['extra'];
  #routed: readonly Column[] | undefined;
  #routes: Routes = { places: [], strays: [], same: false };

  constructor(columns: readonly Column[], lines: CsvEncoder | PeopleCsvEncoder, extra: FileOptions['extra']) {
    this.#columns = columns;
    this.#lines = lines;
    this.#extra = extra;
  }

  encode(batch: Batch): EncodedRows {
    const routes = this.#routesOf(batch.columns);
    if (routes.same) return encoded(this.#lines.encode(batch), batch.rows.length);
    const lines = this.#lines;
    if (lines instanceof CsvEncoder && areBytes(batch.rows) && this.#looksAtNoOther(routes)) {
      return encoded(lines.encode(batch, routes.places), batch.rows.length);
    }
    const strays: Refused[] = [];
    const kept: number[] = [];
    const rows: Row[] = [];
    for (const [index, row] of batch.rows.entries()) {
      const stray = this.#strayIn(row, routes);
      if (stray === undefined) {
        kept.push(index);
        rows.push(this.#row(row, routes, batch.columns));
      } else strays.push({ row: index, ...unknown, column: batch.columns[stray]?.name ?? '' });
    }
    const { bytes, refused } = this.#lines.encode({ columns: this.#columns, rows, bytes: 0 });
    const all = [...strays, ...refused.map((one) => ({ ...one, row: kept[one.row] ?? one.row }))];
    all.sort((one, other) => one.row - other.row);
    return encoded({ bytes, refused: all }, batch.rows.length);
  }

  /** Whether nothing of a row matters but the columns of the file. */
  #looksAtNoOther({ strays }: Routes): boolean {
    return this.#extra === 'ignore' || (strays.length === 0 && typeof this.#extra !== 'object');
  }

  #strayIn(row: Row, { strays }: Routes): number | undefined {
    if (this.#extra !== undefined && this.#extra !== 'reject') return undefined;
    return strays.find((place) => row[place] !== undefined);
  }

  #row(row: Row, { places, strays }: Routes, columns: readonly Column[]): Row {
    const { extra } = { extra: this.#extra };
    const into = typeof extra === 'object' ? extra.into : undefined;
    return this.#columns.map(({ name }, index) =>
      name === into ? restOf(row, strays, columns) : row[places[index] ?? -1],
    );
  }

  #routesOf(columns: readonly Column[]): Routes {
    if (this.#routed === columns) return this.#routes;
    const into = typeof this.#extra === 'object' ? this.#extra.into : undefined;
    const known = new Map(columns.map(({ name }, index) => [name, index]));
    const places = this.#columns.map(({ name }) => (name === into ? -1 : (known.get(name) ?? -1)));
    const strays = columns.flatMap((_, index) => (places.includes(index) ? [] : [index]));
    const same = columns.length === places.length && places.every((place, index) => place === index);
    this.#routed = columns;
    this.#routes = { places, strays, same };
    return this.#routes;
  }
}

const unknown = { code: 'attribute_unknown', message: 'the attribute is no column of the file' } as const;

function encoded(
  { bytes, refused }: { readonly bytes: Buffer; readonly refused: readonly Refused[] },
  rows: number,
): EncodedRows {
  return { buffers: [bytes], rows: rows - refused.length, refused };
}

/** What no column takes, as one JSON text; undefined where there is nothing of it. */
function restOf(row: Row, places: readonly number[], columns: readonly Column[]): Cell {
  const entries = places.flatMap((place): [string, unknown][] => {
    const cell = row[place];
    if (cell === undefined) return [];
    const plain = cell instanceof Uint8Array ? { B: Buffer.from(cell).toString('base64') } : cell;
    return [[columns[place]?.name ?? '', plain]];
  });
  return entries.length === 0 ? undefined : JSON.stringify(Object.fromEntries(entries));
}
