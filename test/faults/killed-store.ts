import type { HiddenCopies, ObjectCopy, Store } from '../../src/connectors/store.js';

export interface Doomed {
  /** Whether the run was killed. */
  run(work: (store: Store) => Promise<void>): Promise<boolean>;
}

class Killed extends Error {}

/**
 * A store whose user is killed at its n-th call, counted twice: before it is made, and after it was. At each of these
 * instants `instant` is told.
 */
export function killedAtCall(store: Store, n: number, instant: () => Promise<void>): Doomed {
  let moments = 0;
  const pass = async () => {
    await instant();
    if (++moments >= n) throw new Killed();
  };
  /** Who is killed drops nothing. */
  const copyHidden = async (copies: readonly ObjectCopy[]): Promise<HiddenCopies> => {
    await pass();
    const hidden = await store.copyHidden(copies);
    await pass();
    return {
      show: async () => {
        await pass();
        await hidden.show();
        await pass();
      },
      drop: async () => {
        if (moments < n) await hidden.drop();
      },
    };
  };
  const own = new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      if (name === 'copyHidden') return copyHidden;
      if (name === 'list') {
        return async function* (prefix: string) {
          await pass();
          yield* target.list(prefix);
          await pass();
        };
      }
      return async (...given: unknown[]) => {
        await pass();
        const done: unknown = await value.apply(target, given);
        await pass();
        return done;
      };
    },
  });
  return {
    run: async (work) => {
      try {
        await work(own);
        return false;
      } catch (error) {
        if (error instanceof Killed) return true;
        throw error;
      }
    },
  };
}
