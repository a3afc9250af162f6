/**
 * Which of the moments of a sweep are tried, by `SLUICE_SWEEP`: a number of them, spread evenly and the same in every run; `all`;
 * or a piece of all, so that a long sweep can be made in several: `101-150` is from the 101st to the 150th.
 */
export interface Extent {
  /** `all`, or a piece of it: no moment is left out because the suite has no time for it. */
  readonly isWhole: boolean;
  /** The indexes of those that are tried where there are so many. */
  among(count: number): readonly number[];
  /** Says what came of one of them, to who tries all: that takes long, and it may be ended and gone on with in another piece. */
  tell(index: number, count: number, outcome: string): void;
}

/** Of a sweep of so few moments that all are always tried. */
export const allMoments: Extent = { isWhole: true, among: indexes, tell: () => undefined };

/** Without `SLUICE_SWEEP`, a few. */
export function sweepExtent(few: number): Extent {
  const wanted = process.env['SLUICE_SWEEP'] ?? String(few);
  if (wanted === 'all') return { ...allMoments, tell };
  const [, from, to] = /^(\d+)-(\d+)$/.exec(wanted) ?? [];
  if (from !== undefined && to !== undefined) {
    const piece = (count: number) => indexes(count).slice(Number(from) - 1, Number(to));
    return { isWhole: true, among: piece, tell };
  }
  const points = Number(wanted);
  if (!(points > 0))
    throw new Error(`SLUICE_SWEEP=${wanted} is neither a number nor all nor a piece as 101-150`);
  return { isWhole: false, among: (count) => spread(count, points), tell: () => undefined };
}

function tell(index: number, count: number, outcome: string): void {
  console.log(`${index + 1} of ${count}: ${outcome}`);
}

function indexes(count: number): number[] {
  return [...Array(count).keys()];
}

function spread(count: number, points: number): number[] {
  const tried = Math.min(count, points);
  return indexes(tried).map((index) => Math.floor(((index + 0.5) * count) / tried));
}
