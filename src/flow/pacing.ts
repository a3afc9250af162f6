import type { Context } from '../connectors/connector.js';
import type { CopyStep, PaceDeclaration } from '../declare/declaration.js';
import { Pacer, type Rates } from '../engine/pace.js';

/** The paces of one attempt at one copy: each side keeps its own. */
export interface Pacing {
  readonly read: Pacer;
  readonly write: Pacer;
  /** Of messages, where there is a queue: as many as are written, by a clock of their own. */
  readonly send: Pacer;
  /** Sets the rates anew, once the plan knows what a share of a table's capacity is. */
  use(pace: PaceDeclaration): void;
}

/** Whether so much a second goes and no more: then one process does it all (invariant 10). */
export function keepsPace({ pace }: Pick<CopyStep, 'pace'>): boolean {
  const { adapt: _adapt, ...rates } = pace;
  return Object.values(rates).some((rate) => rate !== undefined);
}

/** `readsOnly`: nothing is written, and what is read keeps to the whole pace. */
export function openPacing(step: CopyStep, readsOnly: boolean): Pacing {
  const { pace } = step;
  // Whoever reads chosen items slowly does not want them read at once either.
  const readsAll = readsOnly || step.from['keys'] !== undefined;
  const adapt = pace.adapt === true;
  const read = new Pacer(readRates(pace, readsAll), { adapt });
  const write = new Pacer(writeRates(pace), { adapt });
  const send = new Pacer(itemsAndBytes(pace), { adapt });
  return {
    read,
    write,
    send,
    use: (resolved) => {
      read.use(readRates(resolved, readsAll));
      write.use(writeRates(resolved));
    },
  };
}

function readRates(pace: PaceDeclaration, all: boolean): Rates {
  const units = pace.readUnits === undefined ? {} : { units: pace.readUnits };
  return all ? { ...itemsAndBytes(pace), ...units } : units;
}

function writeRates(pace: PaceDeclaration): Rates {
  return { ...itemsAndBytes(pace), ...(pace.writeUnits === undefined ? {} : { units: pace.writeUnits }) };
}

function itemsAndBytes({ items, bytes }: PaceDeclaration): Rates {
  return { ...(items === undefined ? {} : { items }), ...(bytes === undefined ? {} : { bytes }) };
}

/** What of a context has to do with the pace of reads. */
export function readingAt({ read }: Pacing, signal: AbortSignal) {
  return {
    paceRead: paced(read, signal),
    get readRates() {
      return read.limits ? read.rates : undefined;
    },
    throttled: () => read.throttled(),
  };
}

/** The same for a source of keys: the items of the copy are not its rows. */
export function readingKeysAt({ read }: Pacing, signal: AbortSignal): ReturnType<typeof readingAt> {
  const whole = paced(read, signal);
  const onlyUnits = ({ units }: Rates): Rates => (units === undefined ? {} : { units });
  return {
    paceRead: (likely, call, spent) =>
      whole(onlyUnits(likely), call, spent && ((answer) => onlyUnits(spent(answer)))),
    get readRates() {
      return read.rates.units === undefined ? undefined : onlyUnits(read.rates);
    },
    throttled: () => read.throttled(),
  };
}

function paced(pacer: Pacer, signal: AbortSignal): Context['paceRead'] {
  return async (likely, read, spent) => {
    const granted = await pacer.takeAll(1, likely, signal);
    let cost: Rates | undefined;
    try {
      const answer = await read();
      cost = spent?.(answer);
      return answer;
    } finally {
      granted.landed(cost);
    }
  };
}

/** A context with more in it. Its accessors stay such: a spread would ask them once for all. */
export function extended(context: Omit<Context, 'paceRead'>, more: object): Context {
  const own = { ...Object.getOwnPropertyDescriptors(context), ...Object.getOwnPropertyDescriptors(more) };
  return Object.defineProperties({}, own) as Context;
}
