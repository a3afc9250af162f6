import type { Context } from '../connector.js';
import type { Connections } from './connection.js';
import type { TableName } from './identifier.js';
import type { Ledger } from './ledger.js';
import { forbidsLocal, insertLoader, type Loader, localLoader } from './load.js';
import type { Mirror } from './mirror.js';
import type { MysqlSinkOptions } from './options.js';
import type { ForeignKey } from './relations.js';
import type { Table } from './schema.js';
import type { Sequences } from './sequences.js';
import type { Server } from './server.js';

/** What the writers of one sink share. */
export interface Target {
  readonly context: Context;
  readonly connections: Connections;
  readonly options: MysqlSinkOptions;
  readonly server: Server;
  /** Rows may lack attributes (`Incoming.open`). */
  readonly open: boolean;
  /** The sink's table as it was planned. */
  readonly table: Table;
  /** An earlier attempt of the run has written batches. */
  readonly resumed: boolean;
  /** Where rows are written: the table, or its shadow. */
  readonly into: TableName;
  /** Rows that are there are overwritten by key (upsert, mirror, and the shadow of a table with a key). */
  readonly overwrites: boolean;
  readonly ledger: Ledger;
  readonly loaders: LoaderChoice;
  /** The keys that came, for mirror. */
  readonly mirror: Mirror | undefined;
  /** Rows are changes: batches have no end. */
  readonly endless: boolean;
  /** For a mirror of changes. */
  readonly sequences: Sequences | undefined;
  /** Of the table to others. */
  readonly foreignKeys: readonly ForeignKey[];
  /** Foreign keys are checked at the end instead of row by row. */
  readonly checksKeysLater: boolean;
}

/** The way that was asked for, else LOAD DATA LOCAL where the server takes it; decided once for all writers. */
export class LoaderChoice {
  readonly #insert: Loader;
  #loader: Loader;

  constructor({ localInfile, maxAllowedPacket }: Server, asked?: Loader) {
    this.#insert = insertLoader(maxAllowedPacket);
    this.#loader = asked ?? (localInfile ? localLoader : this.#insert);
  }

  get loader(): Loader {
    return this.#loader;
  }

  /** Whether the error only says that LOCAL, which `used` is, is forbidden; from now on rows go by INSERT. */
  yieldsTo(error: unknown, used: Loader): boolean {
    if (used !== localLoader || !forbidsLocal(error)) return false;
    this.#loader = this.#insert;
    return true;
  }
}
