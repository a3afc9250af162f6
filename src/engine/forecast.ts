import type { CopyPlan } from './plan.js';

/**
 * What a million DynamoDB units cost on demand in us-east-1, in US dollars, since November 2024; other regions
 * cost up to twice that: https://aws.amazon.com/dynamodb/pricing/on-demand/
 */
const DOLLARS_PER_MILLION = { write: 0.625, read: 0.125 } as const;

/** A new on-demand table takes this many write units a second at once and doubles from there. */
const NEW_TABLE_UNITS_PER_SECOND = 4000;

/** What a run did on two cores against servers on the same machine; a network makes it less. */
const ROWS_PER_SECOND = 100_000;

/** How large a copy is likely to be, from the servers' own estimates; absent where they have none. */
export interface Forecast {
  readonly rows?: number;
  readonly bytes?: number;
  readonly readUnits?: number;
  readonly writeUnits?: number;
  /** Of both kinds of units. */
  readonly dollars?: number;
  readonly seconds?: number;
  /** What bounds the time: the pace, the table's units, or the machine. */
  readonly boundBy?: string;
}

/** `rowsPerSecond`: of all processes that copy. */
export function forecast(plan: CopyPlan, rowsPerSecond = ROWS_PER_SECOND): Forecast {
  const { rows, bytes, units: readUnits } = plan.description;
  const { units } = plan.sinkPlan;
  const dollars = writeDollars(units ?? 0) + readDollars(readUnits ?? 0);
  return {
    ...(rows === undefined ? {} : { rows }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(readUnits === undefined ? {} : { readUnits }),
    ...(units === undefined ? {} : { writeUnits: units }),
    ...(units === undefined && readUnits === undefined ? {} : { dollars }),
    ...timeForecast(plan, rows, units, rowsPerSecond),
  };
}

/** What writing so many DynamoDB units costs on demand, in US dollars. */
export function writeDollars(units: number): number {
  return (units / 1e6) * DOLLARS_PER_MILLION.write;
}

/** What reading so many DynamoDB units costs on demand, in US dollars. */
export function readDollars(units: number): number {
  return (units / 1e6) * DOLLARS_PER_MILLION.read;
}

function timeForecast(
  plan: CopyPlan,
  rows: number | undefined,
  units: number | undefined,
  rowsPerSecond: number,
): Forecast {
  if (rows === undefined) return {};
  const { units: readUnits } = plan.description;
  const { pace } = plan.step;
  const bounds = [
    { seconds: rows / rowsPerSecond, boundBy: 'the machine' },
    ...(units === undefined
      ? []
      : [{ seconds: units / NEW_TABLE_UNITS_PER_SECOND, boundBy: 'write units of a new table' }]),
    ...(pace.items === undefined ? [] : [{ seconds: rows / pace.items, boundBy: 'pace.items' }]),
    ...(pace.bytes === undefined || plan.description.bytes === undefined
      ? []
      : [{ seconds: plan.description.bytes / pace.bytes, boundBy: 'pace.bytes' }]),
    ...(pace.writeUnits === undefined || units === undefined
      ? []
      : [{ seconds: units / pace.writeUnits, boundBy: 'pace.writeUnits' }]),
    ...(pace.readUnits === undefined || readUnits === undefined
      ? []
      : [{ seconds: readUnits / pace.readUnits, boundBy: 'pace.readUnits' }]),
  ];
  return bounds.reduce((slowest, bound) => (bound.seconds > slowest.seconds ? bound : slowest));
}
