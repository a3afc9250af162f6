/** What a step has done so far. Written by the copy, read by whoever shows progress. */
export interface Counters {
  read: number;
  written: number;
  unchanged: number;
  rejected: number;
  /** Bytes read, as the source sent them. */
  bytes: number;
  /** Write units the sink consumed. */
  units: number;
}

export function zeroCounters(): Counters {
  return { read: 0, written: 0, unchanged: 0, rejected: 0, bytes: 0, units: 0 };
}

/** Adds in place. */
export function addCounters(sum: Counters, more: Readonly<Counters>): void {
  sum.read += more.read;
  sum.written += more.written;
  sum.unchanged += more.unchanged;
  sum.rejected += more.rejected;
  sum.bytes += more.bytes;
  sum.units += more.units;
}
