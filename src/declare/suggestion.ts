/** Longer names are not compared: nobody mistypes them that way. */
const MAX_LENGTH = 64;

/** Shorter beginnings of a name say nothing. */
const MIN_PREFIX = 3;

/**
 * The name that was probably meant: the nearest within a third of its length, else one that begins the same
 * (`boolean` for `bool`); undefined if none is near.
 */
export function nearest(wrong: string, names: readonly string[]): string | undefined {
  if (wrong.length > MAX_LENGTH) return undefined;
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const distance = editDistance(wrong.toLowerCase(), name.toLowerCase());
    const allowed = Math.max(1, Math.floor(Math.max(name.length, wrong.length) / 3));
    if (distance <= allowed && distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best ?? names.find((name) => beginsAlike(wrong.toLowerCase(), name.toLowerCase()));
}

function beginsAlike(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= MIN_PREFIX && (a.startsWith(b) || b.startsWith(a));
}

/** `; did you mean "put"?`, or nothing. */
export function didYouMean(wrong: string, names: readonly string[]): string {
  const name = nearest(wrong, names);
  return name === undefined ? '' : `; did you mean "${name}"?`;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const replaced = (previous[column - 1] ?? 0) + (same ? 0 : 1);
      const inserted = Math.min((current[column - 1] ?? 0) + 1, (previous[column] ?? 0) + 1);
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swapped = isSwap ? (before[column - 2] ?? 0) + 1 : replaced;
      current.push(Math.min(replaced, inserted, swapped));
    }
    before = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
