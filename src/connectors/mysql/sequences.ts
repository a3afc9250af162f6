import type { Context } from '../connector.js';
import { quoteIdentifier, quoteTable, type TableName } from './identifier.js';
import { placeOf } from './ledger.js';
import type { TableColumn } from './schema.js';
import type { Session } from './session.js';
import { ROW_COLUMN, SEQUENCE_COLUMN, type Stage } from './sink-stage.js';

export const SEQUENCES_TABLE = 'sluice_sequences';
/** Items beyond this many bytes are kept as their SHA-256, which is exactly so long. */
const DIGEST_BYTES = 32;

/**
 * The last change of each key that a mirror of changes has taken, beside the table and in the transactions of its rows.
 * A removed key stays, so that an older change which comes late does not bring its row back.
 * docs/reference/ledger.md describes the table.
 */
export class Sequences {
  readonly #table: string;
  readonly #context: Pick<Context, 'pipeline' | 'step'>;
  readonly #sink: TableName;
  /** Whose numbers they are, where the feed says so. */
  readonly #numbering: readonly string[];
  /** Equal for all runs of the same step on the same table from the same stream; as the server reads bytes. */
  readonly #place: string;
  /** The key of a row of `s`, byte for byte as the server stores it, in at most 32 bytes. */
  readonly #item: string;

  constructor(
    sink: TableName,
    key: readonly TableColumn[],
    context: Pick<Context, 'pipeline' | 'run' | 'step'>,
    numbering: string | undefined,
  ) {
    this.#table = quoteTable({ database: sink.database, table: SEQUENCES_TABLE });
    this.#context = context;
    this.#sink = sink;
    this.#numbering = numbering === undefined ? [] : [numbering];
    this.#place = `X'${placeOf(context, sink, ...this.#numbering).toString('hex')}'`;
    const bytes = `CONCAT(${key.map(keyBytes).join(', ')})`;
    this.#item = `IF(LENGTH(${bytes}) < ${DIGEST_BYTES}, ${bytes}, UNHEX(SHA2(${bytes}, 256)))`;
  }

  async create(session: Session): Promise<void> {
    await session.run(
      `CREATE TABLE IF NOT EXISTS ${this.#table} (
        place BINARY(16) NOT NULL,
        item VARBINARY(${DIGEST_BYTES}) NOT NULL,
        sequence DECIMAL(65,0) NOT NULL,
        removed TINYINT NOT NULL,
        recorded_at DATETIME NOT NULL,
        name VARCHAR(700) NULL,
        PRIMARY KEY (place, item)
      ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='last changes that Sluice has taken; see its reference, ledger.md'`,
    );
    if (!(await this.#lockOwnRow(session))) await this.#addOwnRow(session);
  }

  /** Within a transaction: nobody else takes changes for this place until it ends. */
  async lock(session: Session): Promise<void> {
    if (await this.#lockOwnRow(session)) return;
    await this.#addOwnRow(session);
    await this.#lockOwnRow(session);
  }

  /** Gives this fate to the staged changes that are older than what has been taken. `set` is what an UPDATE sets. */
  async markLate(session: Session, stage: Stage, set: string): Promise<void> {
    await session.run(
      `UPDATE ${quoteTable(stage.name)} s STRAIGHT_JOIN ${this.#table} q
       ON q.place = ${this.#place} AND q.item = ${this.#item}
       SET ${set} WHERE q.sequence > s.${SEQUENCE_COLUMN}`,
    );
  }

  /** Keeps the sequences of all changes in the stage but those late ones and these. */
  async record(
    session: Session,
    stage: Stage,
    { removed, taken, except }: { removed: boolean; taken: string; except: readonly number[] },
  ): Promise<void> {
    const rest = except.length === 0 ? '' : ` AND s.${ROW_COLUMN} NOT IN (${except.join(',')})`;
    await session.run(
      `INSERT INTO ${this.#table} (place, item, sequence, removed, recorded_at)
       SELECT ${this.#place}, ${this.#item}, s.${SEQUENCE_COLUMN}, ${removed ? 1 : 0}, UTC_TIMESTAMP()
       FROM ${quoteTable(stage.name)} s WHERE ${taken}${rest}
       ON DUPLICATE KEY UPDATE sequence = s.${SEQUENCE_COLUMN}, removed = ${removed ? 1 : 0}, recorded_at = UTC_TIMESTAMP()`,
    );
  }

  /** The row without item stands for the place: it is locked, and says for people which step it is. */
  async #lockOwnRow(session: Session): Promise<boolean> {
    const rows = await session.rows(
      `SELECT 1 FROM ${this.#table} WHERE place = ${this.#place} AND item = '' FOR UPDATE`,
    );
    return rows.length > 0;
  }

  async #addOwnRow(session: Session): Promise<void> {
    const { pipeline, step } = this.#context;
    const { database, table } = this.#sink;
    const name = [pipeline, step, `${database}.${table}`, ...this.#numbering].join(' / ');
    await session.run(
      `INSERT IGNORE INTO ${this.#table} (place, item, sequence, removed, recorded_at, name)
       VALUES (${this.#place}, '', 0, 0, UTC_TIMESTAMP(), ?)`,
      [name.slice(0, 700)],
    );
  }
}

/**
 * A column's bytes behind their length, so that no two keys are spelled alike, none is spelled '', and short numbers
 * lie in their order. A FLOAT would be printed with 6 digits.
 */
function keyBytes(column: TableColumn): string {
  const name = `s.${quoteIdentifier(column.name)}`;
  const exact = column.dataType === 'float' ? `(${name} + 0e0)` : name;
  const bytes = `CAST(${exact} AS BINARY)`;
  return `LENGTH(${bytes}), ':', ${bytes}`;
}
