/**
 * How long a step has taken that several processes had their share in, one after the other: the time between them counts, too.
 * `begun` is ISO 8601; 0 where an older journal has none.
 */
export function secondsSince(begun: string | undefined): number {
  return begun === undefined ? 0 : Math.max(0, Date.now() - Date.parse(begun)) / 1000;
}
