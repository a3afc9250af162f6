import { forecast, readDollars, writeDollars } from '../engine/forecast.js';
import { type CopyPlan, isPlanned } from '../engine/plan.js';
import { newAttempt } from './apart/open-apart.js';
import { type PartsPointer, partsPointers } from './apart/plan-step.js';
import { shareOf } from './deployed-connections.js';
import { keepsPace } from './pacing.js';
import { allSteps, type PlannedCopyStep, type PlannedStep } from './plan.js';

/** What the functions of a pipeline's steps are given. */
export interface FunctionFacts {
  /** MiB. */
  readonly memory: number;
  /** A call hands over after so long. */
  readonly callSeconds: number;
}

/** How a copy step is likely to go once it is deployed. Sums over quotas and prices: docs/scale.md. */
export interface DeployedForecast {
  readonly step: string;
  /** Where it stands in the document. */
  readonly path: string;
  /** Pointers that its Map is given: child executions. */
  readonly parts: number;
  /** Of the list of pointers, as it goes from state to state. */
  readonly listBytes: number;
  /** Child executions, and functions, at once. */
  readonly functions: number;
  /** One process keeps its pace, however many parts there are. */
  readonly isPaced: boolean;
  /** Absent where no server says how many rows there are. */
  readonly size?: DeployedSize;
}

export interface DeployedSize {
  /** At least; the first start of a function is in it. */
  readonly seconds: number;
  readonly boundBy: string;
  /** Of the function that copies. */
  readonly calls: number;
  /** Seconds of all its calls. */
  readonly functionSeconds: number;
  /** Of the longest history of a child execution, if no call is made twice. */
  readonly events: number;
  /** Of the state machine and its children. */
  readonly transitions: number;
  /** Write units of the journal, at most. */
  readonly journalUnits: number;
  readonly dollars: {
    /** Of tables that are read or written. */
    readonly units: number;
    readonly functions: number;
    readonly transitions: number;
    readonly journal: number;
  };
}

/** Task: entered, scheduled, started, succeeded, exited. Choice: entered, exited. As flow/asl/draw-copy draws a part. */
const EVENTS_OF_A_CALL = 7;
/** Started, a Pass entered and exited, succeeded. */
const EVENTS_OF_A_PART = 4;
const TRANSITIONS_OF_A_CALL = 2;
const TRANSITIONS_OF_A_PART = 1;
/** The Parallel, its plan, the Map, its finish. */
const TRANSITIONS_OF_A_STEP = 4;

/**
 * 100,000 rows a second were copied on two cores; a function has a core for each 1,769 MiB, and more than two help little:
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
 */
const ROWS_PER_SECOND_OF_A_CORE = 50_000;
const CORE_MIB = 1769;
const MOST_CORES = 2;
/** A call first starts, plans, connects and reads what was done. */
const OPENING_SECONDS = 5;

/** Intent and commit of a batch: a transaction each, in which an item is put and another looked at, of 2 units each; both are removed later. */
const JOURNAL_UNITS_OF_A_BATCH = 10;
/** What was noted of a batch, as it was measured, read in consistent units of 4 KB. */
const READ_UNITS_OF_A_BATCH = 660 / 4096;

/** us-east-1, arm64: https://aws.amazon.com/lambda/pricing/ https://aws.amazon.com/step-functions/pricing/ */
const DOLLARS = {
  gibSecond: 0.0000133334,
  call: 0.2e-6,
  transition: 0.025e-3,
} as const;

/** One for each step that copies, in the order of the document. What was refused counts nothing. */
export function deployedForecasts(
  planned: readonly PlannedStep[],
  facts: FunctionFacts,
): readonly DeployedForecast[] {
  return allSteps(planned).flatMap((each) => (each.kind === 'copy' ? [forecastOf(each, facts)] : []));
}

function forecastOf({ step, copies }: PlannedCopyStep, facts: FunctionFacts): DeployedForecast {
  const plans = copies.flatMap(({ planned }) => (isPlanned(planned) ? [planned] : []));
  const pointersByCopy = plans.map(pointersOf);
  const pointers = pointersByCopy.flat();
  const listBytes = Buffer.byteLength(JSON.stringify(pointers));
  const functions = Math.min(step.parallel, pointers.length);
  const sizes = plans.map((plan, index) => sizeOf(plan, pointersByCopy[index]?.length ?? 0, facts));
  const about = { step: step.name, path: step.path, parts: pointers.length, listBytes, functions };
  const isPaced = keepsPace(step);
  if (plans.length === 0 || !sizes.every((size) => size !== undefined)) return { ...about, isPaced };
  return { ...about, isPaced, size: together(sizes, step.parallel) };
}

/** As many and as long as flow/apart/plan-step gives. */
function pointersOf(plan: CopyPlan): readonly PartsPointer[] {
  const { readers, alone } = shareOf(plan);
  const ids = Array.from({ length: readers }, (_, index) => String(index));
  return partsPointers({ copy: plan.name, attempt: newAttempt() }, ids, alone);
}

/** Of one copy, and how many functions are at it. */
type CopySize = DeployedSize & { readonly functions: number };

function sizeOf(
  plan: CopyPlan,
  functions: number,
  { memory, callSeconds }: FunctionFacts,
): CopySize | undefined {
  const { rows, seconds: bound = 0, boundBy = '', dollars = 0 } = forecast(plan, Number.POSITIVE_INFINITY);
  if (rows === undefined) return undefined;
  const cores = Math.min(MOST_CORES, memory / CORE_MIB);
  // Of a call that is short, at least a part is work.
  const work = Math.max(callSeconds - OPENING_SECONDS, callSeconds / 2);
  const alone = (rows / (functions * cores * ROWS_PER_SECOND_OF_A_CORE)) * (callSeconds / work);
  const seconds = OPENING_SECONDS + Math.max(bound, alone);
  const each = Math.ceil(seconds / callSeconds);
  const calls = functions * each;
  const functionSeconds = functions * seconds;
  const transitions = calls * TRANSITIONS_OF_A_CALL + functions * TRANSITIONS_OF_A_PART;
  const batches = Math.ceil(rows / rowsOfBatches(plan));
  const journalUnits = batches * JOURNAL_UNITS_OF_A_BATCH;
  // Each call reads what its part has noted, on average half of it in the end, and does so twice.
  const journalReads = each * batches * READ_UNITS_OF_A_BATCH;
  return {
    functions,
    seconds,
    boundBy: bound > alone ? boundBy : 'the functions',
    calls,
    functionSeconds,
    events: each * EVENTS_OF_A_CALL + EVENTS_OF_A_PART,
    transitions,
    journalUnits,
    dollars: {
      units: dollars,
      functions: functionSeconds * (memory / 1024) * DOLLARS.gibSecond + calls * DOLLARS.call,
      transitions: transitions * DOLLARS.transition,
      journal: writeDollars(journalUnits) + readDollars(journalReads),
    },
  };
}

/** Batches of a paced copy are about two seconds' worth for all writers and those that wait (engine/read-part.ts). */
function rowsOfBatches({ description, sinkPlan, step }: CopyPlan): number {
  const { rows: most, bytes: mostBytes } = sinkPlan.batch;
  const { rows = 0, bytes = 0 } = description;
  const { items, writeUnits } = step.pace;
  const paced = ((items ?? writeUnits ?? Number.POSITIVE_INFINITY) * 2) / (step.parallel + 2);
  const sized = rows > 0 && bytes > 0 ? mostBytes / (bytes / rows) : most;
  return Math.max(1, Math.floor(Math.min(most, sized, paced)));
}

/** Copies of one step share its functions: `parallel` of them are at work at once. */
function together(sizes: readonly CopySize[], parallel: number): DeployedSize {
  const sum = (of: (size: CopySize) => number) => sizes.reduce((all, size) => all + of(size), 0);
  const longest = sizes.reduce((one, other) => (other.seconds > one.seconds ? other : one));
  return {
    seconds: Math.max(longest.seconds, sum(({ functionSeconds }) => functionSeconds) / parallel),
    boundBy: longest.boundBy,
    calls: sum(({ calls }) => calls),
    functionSeconds: sum(({ functionSeconds }) => functionSeconds),
    events: Math.max(...sizes.map(({ events }) => events)),
    transitions: TRANSITIONS_OF_A_STEP + sum(({ transitions }) => transitions),
    journalUnits: sum(({ journalUnits }) => journalUnits),
    dollars: {
      units: sum(({ dollars }) => dollars.units),
      functions: sum(({ dollars }) => dollars.functions),
      transitions: sum(({ dollars }) => dollars.transitions),
      journal: sum(({ dollars }) => dollars.journal),
    },
  };
}
