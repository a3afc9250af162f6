import { quoteIdentifier, quoteTable } from './identifier.js';
import type { Refusal } from './load-refusals.js';
import type { Sequences } from './sequences.js';
import {
  fateIs,
  fates,
  joinOn,
  type MergeRequest,
  mergeStage,
  readFates,
  sameExactly,
  writeInRounds,
} from './sink-merge.js';
import { FATE_COLUMN, type RefusedRow, type Stage } from './sink-stage.js';

/** Staged changes, no two of one key. */
export interface StagedChanges {
  readonly stage: Stage;
  /** Those that the stage holds, by their numbers, ascending. */
  readonly numbers: readonly number[];
}

export interface ChangesRequest extends Omit<MergeRequest, 'stage'> {
  readonly sequences: Sequences;
  /** Rows to be there as they are staged. */
  readonly puts: StagedChanges | undefined;
  /** Keys to go; the stage has the key's columns alone. */
  readonly removes: StagedChanges | undefined;
}

export interface MergedChanges {
  readonly written: number;
  /** Too late, or the table was so. */
  readonly unchanged: number;
  readonly refused: readonly RefusedRow[];
}

/**
 * Brings staged changes into the table and keeps their sequences, in the session's transaction. Keys go first, so that
 * what they held in UNIQUE indexes is free; those that other rows still refer to are tried again at the end.
 */
export async function mergeChanges(request: ChangesRequest): Promise<MergedChanges> {
  const { puts, removes, sequences, session } = request;
  for (const staged of [puts, removes]) {
    if (staged) await sequences.markLate(session, staged.stage, fateIs(staged.stage, fates.late));
  }
  const going = removes ? await Removing.begin({ ...request, stage: removes.stage }, removes) : undefined;
  const outcomes: MergedChanges[] = [];
  if (puts) outcomes.push(await putRows(request, puts));
  if (going) outcomes.push(await going.end(sequences));
  return {
    written: sum(outcomes, ({ written }) => written),
    unchanged: sum(outcomes, ({ unchanged }) => unchanged),
    refused: outcomes.flatMap(({ refused }) => refused),
  };
}

function sum(outcomes: readonly MergedChanges[], count: (one: MergedChanges) => number): number {
  return outcomes.reduce((total, one) => total + count(one), 0);
}

async function putRows(request: ChangesRequest, { stage, numbers }: StagedChanges): Promise<MergedChanges> {
  const { written, unchanged, refused } = await mergeStage({ ...request, stage }, numbers);
  const rows = new Set(refused.map(({ row }) => row));
  const except = numbers.filter((number) => rows.has(stage.rowOf(number)));
  await request.sequences.record(request.session, stage, { removed: false, taken: notLate, except });
  return { written, unchanged, refused };
}

const notLate = `s.${FATE_COLUMN} <> ${fates.late}`;

/** Keys on their way out of the table. */
class Removing {
  readonly #request: MergeRequest;
  readonly #staged: StagedChanges;
  /** Keys whose rows are there, by number. */
  readonly #there: readonly number[];
  #refused = new Map<number, Refusal>();

  private constructor(request: MergeRequest, staged: StagedChanges, there: readonly number[]) {
    this.#request = request;
    this.#staged = staged;
    this.#there = there;
  }

  static async begin(request: MergeRequest, staged: StagedChanges): Promise<Removing> {
    await markThere(request);
    const fateOf = await readFates(request);
    const there = staged.numbers.filter((number) => fateOf.get(number) === fates.remove);
    const removing = new Removing(request, staged, there);
    await removing.#try(there);
    return removing;
  }

  async end(sequences: Sequences): Promise<MergedChanges> {
    if (this.#refused.size > 0) await this.#try([...this.#refused.keys()]);
    const { stage, numbers } = this.#staged;
    const except = [...this.#refused.keys()];
    await sequences.record(this.#request.session, stage, { removed: true, taken: notLate, except });
    return {
      written: this.#there.length - this.#refused.size,
      unchanged: numbers.length - this.#there.length,
      refused: [...this.#refused].map(([number, refusal]) => ({ row: stage.rowOf(number), ...refusal })),
    };
  }

  async #try(numbers: readonly number[]): Promise<void> {
    this.#refused = new Map();
    const ascending = [...numbers].sort((one, other) => one - other);
    await writeInRounds(this.#request, [{ fate: fates.remove, numbers: ascending }], this.#refused);
  }
}

/** A key that the table has only in another spelling (case, accents) is not there. */
async function markThere({ session, stage, table, key }: MergeRequest): Promise<void> {
  const isThere = key.map(sameExactly).join(' AND ');
  const first = `t.${quoteIdentifier(key[0]?.name ?? '')}`;
  const fate = `IF(${first} IS NOT NULL AND ${isThere}, ${fates.remove}, ${fates.unchanged})`;
  await session.run(
    `UPDATE ${quoteTable(stage.name)} s LEFT JOIN ${quoteTable(table)} t ON ${joinOn(key)}
     SET ${fateIs(stage, fate)} WHERE s.${FATE_COLUMN} = ${fates.insert}`,
  );
}
