import type { ShardPlace, StreamPlace } from './place.js';
import type { Beginning } from './probe.js';

/** waiting → open → ended. What the place has behind it begins as ended. */
export interface ShardState {
  readonly id: string;
  readonly parent: string | undefined;
  /** Where the place stands in it; absent where the place does not name it. */
  readonly place: ShardPlace | undefined;
  phase: 'waiting' | 'open' | 'ended';
  /** What was found at its beginning, where the place does not name it. */
  beginning: Beginning | undefined;
  /** When the stream last said that it was open. */
  openAtMs: number | undefined;
  /** The shard was read to its end, as far as one can tell of an open one. */
  isAtEnd: boolean;
  /** How far it was read; for what comes after it. */
  readTo: ShardPlace | undefined;
  /** Lists of shards that named none after it, since it ended. */
  lateLists: number;
}

/** What is known of the shards of a stream, for a reader that begins at a place. */
export class ShardStates {
  readonly #place: StreamPlace;
  readonly #states = new Map<string, ShardState>();
  readonly #parents = new Map<string, string>();

  constructor(place: StreamPlace) {
    this.#place = place;
    for (const [id, { parent }] of Object.entries(place.shards)) {
      if (parent !== undefined) this.#parents.set(id, parent);
    }
  }

  get all(): ShardState[] {
    return [...this.#states.values()];
  }

  get(id: string | undefined): ShardState | undefined {
    return id === undefined ? undefined : this.#states.get(id);
  }

  /** Takes in a list of shards, each with its parent. Gives those that were not known. */
  add(listed: ReadonlyMap<string, string | undefined>): ShardState[] {
    for (const [id, parent] of listed) if (parent !== undefined) this.#parents.set(id, parent);
    const done = this.#ancestors(Object.keys(this.#place.shards));
    const ids = new Set([...Object.keys(this.#place.shards), ...listed.keys()]);
    const added = [...ids].filter((id) => !this.#states.has(id)).map((id) => this.#stateOf(id, done));
    for (const state of added) this.#states.set(state.id, state);
    return added;
  }

  /** Those that wait for nothing. */
  ready(): ShardState[] {
    return this.all.filter(({ phase, parent }) => {
      const before = this.get(parent);
      return phase === 'waiting' && (before === undefined || before.phase === 'ended');
    });
  }

  /** How far reading has come in all lines of shards: what is still to be read comes after these. */
  edges(): [id: string, ShardPlace][] {
    const begun = this.all.filter(({ readTo }) => readTo !== undefined);
    const followed = new Set(begun.map(({ parent }) => parent));
    return begun.flatMap(({ id, readTo }) => (readTo && !followed.has(id) ? [[id, readTo]] : []));
  }

  /**
   * Every shard was read to its end as it was at some moment. What comes after an open shard that was is younger than that
   * moment, and may wait.
   */
  areRead(): boolean {
    return this.all.every((state) => {
      let before: ShardState | undefined = state;
      while (before?.phase === 'waiting') before = this.get(before.parent);
      return before?.isAtEnd === true || (before === state && state.phase === 'ended');
    });
  }

  /** Shards that were read to their end here, or stand so in the place, and that no known one comes after. */
  ends(): ShardState[] {
    const followed = new Set(this.#parents.values());
    return this.all.filter(({ id, phase }) => phase === 'ended' && !followed.has(id));
  }

  #stateOf(id: string, done: ReadonlySet<string>): ShardState {
    const place = this.#place.shards[id];
    const isEnded = place?.ended === true || (done.has(id) && place === undefined);
    const parent = this.#parents.get(id);
    const phase = isEnded ? 'ended' : 'waiting';
    return {
      id,
      parent,
      place,
      phase,
      beginning: undefined,
      openAtMs: undefined,
      isAtEnd: false,
      readTo: place,
      lateLists: 0,
    };
  }

  #ancestors(ids: readonly string[]): Set<string> {
    const found = new Set<string>();
    for (const id of ids) {
      let parent = this.#parents.get(id);
      while (parent !== undefined && !found.has(parent)) {
        found.add(parent);
        parent = this.#parents.get(parent);
      }
    }
    return found;
  }
}
