import type { Latest } from '../connectors/manifest.js';
import type { Column } from '../values/column.js';

/** What a warehouse is to read: the exports that one step publishes. Frozen data; no credentials. */
export interface Exports {
  readonly pipeline: string;
  readonly step: string;
  readonly place: Place;
  readonly format: Latest['format'];
  /** Exports that are kept, the newest included. */
  readonly keep: number;
  /** At least one. */
  readonly folders: readonly ExportFolder[];
}

/** Where the folders lie. */
export type Place =
  | {
      readonly kind: 's3';
      readonly bucket: string;
      /** Ends with `/`, or is empty. */
      readonly prefix: string;
      readonly region?: string;
      /** Of an emulator, or of another service that speaks S3. */
      readonly endpoint?: string;
    }
  /** `path` is absolute. */
  | { readonly kind: 'files'; readonly path: string };

/** A folder with a LATEST.json of its own. */
export interface ExportFolder {
  /** Within the place: `orders/`, or empty for the place itself. */
  readonly name: string;
  /** At least one. */
  readonly tables: readonly ExportedTable[];
  /** What LATEST.json says now; absent where nobody looked, or nothing is published yet. */
  readonly latest?: Latest;
}

export interface ExportedTable {
  /** What manifests call it: `shop.orders`. */
  readonly source: string;
  /** What the warehouse is to call it: `orders`. */
  readonly target: string;
  /** In the order of the files; absent where nobody knows them yet. */
  readonly columns?: readonly Column[];
  /** JSON Lines of DynamoDB: each line is `{"Item":{…}}`, and `columns` is that one member. */
  readonly items?: true;
}

/** The columns of a table as a reader of its files finds them. */
export function asStored(
  format: Latest['format'],
  columns: readonly Column[],
): Pick<ExportedTable, 'columns' | 'items'> {
  if (format !== 'jsonl' || columns.every(({ type }) => type !== 'attribute')) return { columns };
  return { columns: [{ name: 'Item', type: 'json', nullable: false }], items: true };
}

/** The address of a folder, with `/` at its end: `s3://lake/exports/orders/`. */
export function addressOf(place: Place, folder: string): string {
  if (place.kind === 's3') return `s3://${place.bucket}/${place.prefix}${folder}`;
  return `${place.path.replace(/\/+$/, '')}/${folder}`;
}
