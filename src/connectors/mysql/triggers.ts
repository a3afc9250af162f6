import { createHash } from 'node:crypto';
import { SluiceError } from '../../errors.js';
import { quoteIdentifier, quoteTable, showTable, type TableName } from './identifier.js';
import type { Session, SqlValue } from './session.js';

export const TRIGGERS_TABLE = 'sluice_triggers';

const LOCK_SECONDS = 60;

interface SavedTrigger {
  readonly name: string;
  /** CREATE … TRIGGER with its definer. */
  readonly statement: string;
  readonly sqlMode: string;
  readonly charset: string;
  readonly collation: string;
}

/**
 * Takes a table's triggers away for a copy and puts them back as they were: definer, sql_mode, character set
 * and order. Their definitions are saved in a table beside the sink before the first is dropped, under the
 * name of their holder (a step of a pipeline), so that after a kill the next run of that step restores them.
 * The last holder to leave puts them back.
 */
export class TriggerKeeper {
  readonly #table: TableName;
  readonly #holder: Buffer;
  readonly #saved: string;

  constructor(table: TableName, holder: Buffer) {
    this.#table = table;
    this.#holder = holder;
    this.#saved = quoteTable({ database: table.database, table: TRIGGERS_TABLE });
  }

  /** Names of triggers that an unfinished copy has taken away; none where the table of them does not exist. */
  async savedNames(session: Session): Promise<readonly string[]> {
    const found = await session.rows(
      'SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?',
      [this.#table.database, TRIGGERS_TABLE],
    );
    if (found.length === 0) return [];
    const rows = await session.rows(
      `SELECT DISTINCT trigger_name FROM ${this.#saved} WHERE table_name = ? ORDER BY trigger_name`,
      [this.#table.table],
    );
    return rows.map(([name]) => String(name));
  }

  async suspend(session: Session): Promise<void> {
    await session.run(
      `CREATE TABLE IF NOT EXISTS ${this.#saved} (
        table_name VARCHAR(64) NOT NULL,
        trigger_name VARCHAR(64) NOT NULL,
        holder BINARY(16) NOT NULL,
        place INT NOT NULL,
        statement LONGTEXT NOT NULL,
        sql_mode TEXT NOT NULL,
        charset VARCHAR(64) NOT NULL,
        collation VARCHAR(64) NOT NULL,
        saved_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
        PRIMARY KEY (table_name, holder, trigger_name)
      ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='triggers that Sluice puts back after a copy'`,
    );
    await this.#locked(session, async () => {
      await this.#copyOfOthers(session);
      const live = await this.#liveTriggers(session);
      for (const [place, trigger] of live.entries()) await this.#save(session, place, trigger);
      for (const { name } of live) {
        await session.run(`DROP TRIGGER IF EXISTS ${this.#quoteTrigger(name)}`);
      }
    });
  }

  /** Puts back what this holder saved, unless another still holds it. Does nothing when nothing is saved. */
  async restore(session: Session): Promise<void> {
    if ((await this.savedNames(session)).length === 0) return;
    await this.#locked(session, async () => {
      if (!(await this.#isHeldByOthers(session))) {
        const live = new Set((await this.#liveTriggers(session)).map(({ name }) => name));
        for (const trigger of await this.#ownSaved(session)) {
          if (!live.has(trigger.name)) await this.#create(session, trigger);
        }
      }
      await session.run(`DELETE FROM ${this.#saved} WHERE table_name = ? AND holder = ?`, [
        this.#table.table,
        this.#holder,
      ]);
    });
  }

  async #copyOfOthers(session: Session): Promise<void> {
    await session.run(
      `INSERT IGNORE INTO ${this.#saved} (table_name, trigger_name, holder, place, statement, sql_mode, charset, collation)
       SELECT table_name, trigger_name, ?, MIN(place), MIN(statement), MIN(sql_mode), MIN(charset), MIN(collation)
       FROM ${this.#saved} WHERE table_name = ? AND holder <> ? GROUP BY table_name, trigger_name`,
      [this.#holder, this.#table.table, this.#holder],
    );
  }

  async #liveTriggers(session: Session): Promise<readonly SavedTrigger[]> {
    const names = await session.rows(
      `SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = ? AND EVENT_OBJECT_TABLE = ?
       ORDER BY EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER`,
      [this.#table.database, this.#table.table],
    );
    const triggers: SavedTrigger[] = [];
    for (const [found] of names) {
      const name = String(found);
      const [row] = await session.rows(`SHOW CREATE TRIGGER ${this.#quoteTrigger(name)}`);
      const [, sqlMode, statement, charset, collation] = row ?? [];
      if (typeof statement !== 'string') throw this.#unreadable(name);
      triggers.push({
        name,
        statement,
        sqlMode: String(sqlMode ?? ''),
        charset: String(charset),
        collation: String(collation),
      });
    }
    return triggers;
  }

  async #save(session: Session, place: number, trigger: SavedTrigger): Promise<void> {
    const { name, statement, sqlMode, charset, collation } = trigger;
    const values: SqlValue[] = [
      this.#table.table,
      name,
      this.#holder,
      place,
      statement,
      sqlMode,
      charset,
      collation,
    ];
    await session.run(
      `REPLACE INTO ${this.#saved} (table_name, trigger_name, holder, place, statement, sql_mode, charset, collation)
       VALUES (${values.map(() => '?').join(', ')})`,
      values,
    );
  }

  async #ownSaved(session: Session): Promise<readonly SavedTrigger[]> {
    const rows = await session.rows(
      `SELECT trigger_name, statement, sql_mode, charset, collation FROM ${this.#saved}
       WHERE table_name = ? AND holder = ? ORDER BY place`,
      [this.#table.table, this.#holder],
    );
    return rows.map((row) => {
      const [name = '', statement = '', sqlMode = '', charset = '', collation = ''] = row.map(String);
      return { name, statement, sqlMode, charset, collation };
    });
  }

  /** Statements come to us as UTF-8, so only one without other letters can be sent under another character set. */
  async #create(session: Session, trigger: SavedTrigger): Promise<void> {
    const isPlain = /^\p{ASCII}*$/u.test(trigger.statement);
    const charset = isPlain ? trigger.charset : 'utf8mb4';
    await session.run(`USE ${quoteIdentifier(this.#table.database)}`);
    await session.run('SET SESSION sql_mode = ?, character_set_client = ?', [trigger.sqlMode, charset]);
    await session.run('SET SESSION collation_connection = ?', [trigger.collation]);
    try {
      await session.run(trigger.statement);
    } finally {
      await session.run("SET SESSION sql_mode = 'STRICT_ALL_TABLES', character_set_client = 'utf8mb4'");
    }
  }

  async #isHeldByOthers(session: Session): Promise<boolean> {
    const rows = await session.rows(
      `SELECT 1 FROM ${this.#saved} WHERE table_name = ? AND holder <> ? LIMIT 1`,
      [this.#table.table, this.#holder],
    );
    return rows.length > 0;
  }

  async #locked(session: Session, act: () => Promise<void>): Promise<void> {
    const hash = createHash('sha256').update(showTable(this.#table)).digest('hex').slice(0, 32);
    const lock = `sluice_triggers_${hash}`;
    const [row] = await session.rows('SELECT GET_LOCK(?, ?)', [lock, LOCK_SECONDS]);
    if (row?.[0] !== '1') {
      throw new SluiceError('deadlock', `${showTable(this.#table)}: another run is at work on its triggers`, {
        retry: 'later',
      });
    }
    try {
      await act();
    } finally {
      await session.rows('SELECT RELEASE_LOCK(?)', [lock]);
    }
  }

  #quoteTrigger(name: string): string {
    return quoteTable({ database: this.#table.database, table: name });
  }

  #unreadable(name: string): SluiceError {
    return new SluiceError('access_denied', `${showTable(this.#table)}: the trigger ${name} cannot be read`, {
      hint: 'grant TRIGGER on the table to the user of the connection',
    });
  }
}
