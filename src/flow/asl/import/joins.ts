import { type ReadMachine, waysOut } from './machine-file.js';

/** Where ways that part come together again; undefined: at the end of the machine. */
export interface Joins {
  /** The first state that every way from this one leads through, ways that end in Fail apart. */
  behind(state: string): string | undefined;
  /** Whether every way from this state ends in Fail. */
  alwaysFails(state: string): boolean;
}

/** The immediate post-dominators of a machine without circles. */
export function joinsOf({ States }: ReadMachine): Joins {
  /** What lies behind each state, the nearest first; undefined where every way fails. */
  const chains = new Map<string, readonly string[] | undefined>();
  const chain = (name: string): readonly string[] | undefined => {
    if (!chains.has(name)) chains.set(name, behind(name));
    return chains.get(name);
  };
  const behind = (name: string): readonly string[] | undefined => {
    const state = States[name];
    if (!state || state.Type === 'Fail') return undefined;
    const ways = waysOut(state);
    // One way leads to the end: the others meet it there.
    if (ways.length === 0 || state['End'] === true) return [];
    const through = ways.flatMap((next) => {
      const further = chain(next);
      return further ? [[next, ...further]] : [];
    });
    const [first, ...others] = through;
    return first?.filter((each) => others.every((other) => other.includes(each)));
  };
  return {
    behind: (state) => chain(state)?.[0],
    alwaysFails: (state) => chain(state) === undefined,
  };
}
