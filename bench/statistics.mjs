/** @param {readonly number[]} values at least one */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/**
 * Runs the contestants in turn, A B C A B C, so that whatever else the machine does meets all of them.
 * @template T
 * @param {number} rounds
 * @param {ReadonlyMap<string, () => Promise<T>>} contestants
 * @returns {Promise<Map<string, T[]>>} the samples of each
 */
export async function interleave(rounds, contestants) {
  /** @type {Map<string, T[]>} */
  const samples = new Map([...contestants.keys()].map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of contestants) samples.get(name)?.push(await measure());
  }
  return samples;
}
