import { SluiceError } from '../../errors.js';
import type { Guard } from '../state.js';
import type { Condition, Item, ItemKey, StateTable } from './state-table.js';

/**
 * The right to write, as an item of the table says it: a lease, or the claim to a writer's stream. Whatever is written under it
 * is written in one transaction with a look at that item.
 */
export class Right implements Guard {
  readonly key: ItemKey;
  readonly condition: Condition;
  readonly #table: StateTable;
  readonly #owner: string;
  readonly #lost: (holder: Item | undefined) => SluiceError;
  #turn: Promise<unknown> = Promise.resolve();

  /** `lost`: what is said to whoever has lost it. */
  constructor(
    table: StateTable,
    key: ItemKey,
    { owner, fence }: { readonly owner: string; readonly fence: number },
    lost: (holder: Item | undefined) => SluiceError = passedOver,
  ) {
    this.#table = table;
    this.key = key;
    this.#owner = owner;
    this.condition = {
      expression: '#owner = :owner AND #fence = :fence',
      values: { ':owner': owner, ':fence': fence },
    };
    this.#lost = lost;
  }

  async check(): Promise<void> {
    const holder = await this.#table.get(this.key);
    if (holder?.['owner'] !== this.#owner) throw this.#lost(holder);
  }

  /** One after the other: two transactions that look at one item would be in each other's way. */
  async inTurn<T>(write: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(write);
    this.#turn = turn.catch(() => undefined);
    return await turn;
  }
}

function passedOver(): SluiceError {
  return new SluiceError('run_locked', 'this part of the run was begun once more, by another worker');
}
