import { setFlagsFromString } from 'node:v8';

/**
 * The heap may grow by this much beyond what was alive after the last full collection. V8's own choice, up to
 * four times, lets the garbage of a copy pile up to hundreds of megabytes on machines with much memory.
 */
const HEAP_GROWING_PERCENT = 80;
/**
 * Where changes alone are followed: little is alive but the program itself, and what comes through the sockets counts as growth.
 * Measured: a third of the full collections, a tenth less CPU time, and 10 to 15 MB more, still 30 below the limit.
 */
const FOLLOWING_GROWING_PERCENT = 160;
/** Where all copies are of Parquet, whose limit leaves room. Measured: a sixth less CPU time, and 10 MB more. */
const PARQUET_GROWING_PERCENT = 200;

/** What a run does: follows changes and nothing else, makes Parquet and nothing else, or anything. */
export type HeapUse = 'following' | 'parquet' | 'any';

const growingPercent: Readonly<Record<HeapUse, number>> = {
  following: FOLLOWING_GROWING_PERCENT,
  parquet: PARQUET_GROWING_PERCENT,
  any: HEAP_GROWING_PERCENT,
};

/**
 * Keeps memory bounded by what is under way (invariant 7). Measured: twice this growth saves a twentieth of the CPU time
 * of a copy and costs 10 to 15 MB, which come close to the limit of bench/METHODOLOGY.md.
 */
export function keepHeapSmall(use: HeapUse = 'any'): void {
  setFlagsFromString(`--heap-growing-percent=${growingPercent[use]}`);
  // What is young keeps the room that it has by now: 8 MB twice, instead of 16 MB twice.
  setFlagsFromString('--semi-space-growth-factor=1');
  // Collecting what is young by several threads only waits for them where a database is on the same cores.
  setFlagsFromString('--no-parallel-scavenge');
}
