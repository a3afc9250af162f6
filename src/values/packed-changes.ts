import type { Change, Changes } from './batch.js';
import { Parts } from './parts.js';

/** The events of changes as bytes: places in this list. */
export const packedEvents: readonly Change['event'][] = ['insert', 'modify', 'remove'];

/** Changes of which only the events are there: each becomes an object when somebody asks for it, and anew each time. */
export class PackedChanges implements Changes {
  /** Places in `packedEvents`. */
  readonly events: Uint8Array;
  readonly #make: (index: number) => Change;

  constructor(events: Uint8Array, make: (index: number) => Change) {
    this.events = events;
    this.#make = make;
  }

  get length(): number {
    return this.events.length;
  }

  at(index: number): Change | undefined {
    return index >= 0 && index < this.length ? this.#make(index) : undefined;
  }

  *[Symbol.iterator](): Generator<Change> {
    for (let index = 0; index < this.length; index++) yield this.#make(index);
  }
}

/** Whether any of the changes is one of these events. */
export function hasAny(changes: Changes, events: readonly Change['event'][]): boolean {
  if (changes instanceof PackedChanges) {
    const places = events.map((event) => packedEvents.indexOf(event));
    return places.some((place) => changes.events.includes(place));
  }
  for (const { event } of changes) if (events.includes(event)) return true;
  return false;
}

/** The changes of all, one after the other. */
export function joinedChanges(lists: readonly Changes[]): Changes {
  const packed = lists.flatMap((list) => (list instanceof PackedChanges ? [list] : []));
  if (packed.length < lists.length) return lists.flatMap((list) => [...list]);
  const parts = new Parts(packed);
  const events = new Uint8Array(parts.length);
  let at = 0;
  for (const part of packed) {
    events.set(part.events, at);
    at += part.length;
  }
  return new PackedChanges(events, (index) => parts.of(index).at(parts.within(index)) as Change);
}
