/** A table that changes while it is copied, and a record of what it held at each moment. */
import type { TestDatabase } from '../fixtures/mysql.js';

/** Keys of one kind. Row `n` comes before row `n + 1` in their order; even ones are there from the beginning. */
export interface KeyKind {
  readonly name: string;
  readonly columns: string;
  readonly key: readonly string[];
  /** The key's cells as the server prints them. */
  cells(n: number): readonly string[];
}

const number = (n: number) => String(n).padStart(5, '0');
/** Equal letters by the collation: case, accents and a space behind do not matter. */
const letter = (n: number) => ['e', 'E', 'é', 'É'][(n >> 1) % 4] ?? 'e';
const STEP = 3_000_000_000_000_000n;

export const keyKinds: readonly KeyKind[] = [
  { name: 'an INT', columns: 'k INT', key: ['k'], cells: (n) => [String(n)] },
  {
    name: 'a VARCHAR without case and accents',
    columns: 'k VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci',
    key: ['k'],
    cells: (n) => [`${letter(n)}${number(n)}${n % 3 === 0 ? ' ' : ''}`],
  },
  {
    name: 'a VARCHAR and an INT',
    columns: 'k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci, m INT',
    key: ['k', 'm'],
    cells: (n) => [`${letter(n)}${number(Math.floor(n / 100))}`, String(n % 100)],
  },
  {
    name: 'a BIGINT below and above 0',
    columns: 'k BIGINT',
    key: ['k'],
    cells: (n) => [String((BigInt(n) - 1500n) * STEP * 2n)],
  },
  {
    name: 'a BIGINT UNSIGNED up to its end',
    columns: 'k BIGINT UNSIGNED',
    key: ['k'],
    cells: (n) => [String(2n ** 64n - 1n - BigInt(3000 - n) * STEP * 2n)],
  },
];

export const ROWS = 1500;
const BALANCE = 100;
/** One of so many rows stays from the beginning to the end. */
const STAYS_EVERY = 3;

export const stays = (n: number): boolean => n % (2 * STAYS_EVERY) === 0;

/** Rows of a table by number, with their balances, whose sum no change alters. */
export class ChangingTable {
  readonly #database: TestDatabase;
  readonly #table: string;
  readonly #kind: KeyKind;
  readonly #random: () => number;
  readonly #balances = new Map<number, number>();
  #turn: Promise<unknown> = Promise.resolve();
  changes = 0;

  constructor(database: TestDatabase, table: string, kind: KeyKind, random: () => number) {
    this.#database = database;
    this.#table = table;
    this.#kind = kind;
    this.#random = random;
  }

  async create(): Promise<void> {
    for (let row = 0; row < ROWS; row++) this.#balances.set(2 * row, BALANCE);
    const { columns, key } = this.#kind;
    const values = [...this.#balances.keys()].map(
      (n) => `(${this.#literals(n)}, ${BALANCE}, REPEAT('x', 99))`,
    );
    await this.#database.execute(
      `CREATE TABLE ${this.#table} (${columns}, balance INT, pad VARCHAR(99), PRIMARY KEY (${key}));
       INSERT INTO ${this.#table} VALUES ${values.join(', ')}`,
    );
  }

  /** One after the other, whoever asks. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** What the table holds now: key and balance, as `rowTexts` of a copy spells them. */
  content(): string[] {
    return [...this.#balances].map(([n, balance]) => [...this.#kind.cells(n), balance].join('|')).sort();
  }

  keyText(n: number): string {
    return this.#kind.cells(n).join('|');
  }

  /** One transaction: a transfer, a new row that takes from another, or a row that goes and leaves what it has. */
  async change(): Promise<void> {
    const [from, to] = [this.#any(), this.#any()];
    const kind = this.#random();
    if (kind < 0.4) await this.#transfer(from, to);
    else if (kind < 0.7) await this.#insert(from);
    else await this.#remove(this.#any(), to);
    this.changes += 1;
  }

  #any(): number {
    const all = [...this.#balances.keys()];
    return all[Math.floor(this.#random() * all.length)] ?? 0;
  }

  async #transfer(from: number, to: number): Promise<void> {
    if (from !== to) await this.#write([this.#moved(from, -7), this.#moved(to, 7)]);
  }

  async #insert(from: number): Promise<void> {
    const n = 2 * Math.floor(this.#random() * ROWS) + 1;
    if (this.#balances.has(n)) return;
    this.#balances.set(n, 7);
    const row = `INSERT INTO ${this.#table} VALUES (${this.#literals(n)}, 7, '')`;
    await this.#write([row, this.#moved(from, -7)]);
  }

  async #remove(gone: number, to: number): Promise<void> {
    if (stays(gone) || gone === to) return;
    const left = this.#balances.get(gone) ?? 0;
    this.#balances.delete(gone);
    await this.#write([`DELETE FROM ${this.#table} WHERE ${this.#where(gone)}`, this.#moved(to, left)]);
  }

  #moved(n: number, by: number): string {
    this.#balances.set(n, (this.#balances.get(n) ?? 0) + by);
    return `UPDATE ${this.#table} SET balance = balance + ${by} WHERE ${this.#where(n)}`;
  }

  async #write(statements: readonly string[]): Promise<void> {
    await this.#database.execute(['START TRANSACTION', ...statements, 'COMMIT'].join('; '));
  }

  #literals(n: number): string {
    return this.#kind
      .cells(n)
      .map((cell) => `'${cell}'`)
      .join(', ');
  }

  #where(n: number): string {
    const cells = this.#kind.cells(n);
    return this.#kind.key.map((name, index) => `${name} = '${cells[index]}'`).join(' AND ');
  }
}
