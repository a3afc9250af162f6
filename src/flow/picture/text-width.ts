/**
 * Shares of the font's size that a character is wide at most, in the sans-serif fonts that browsers take (Arial,
 * Helvetica, Segoe UI, Roboto, DejaVu Sans, Verdana): the widest of them, DejaVu Sans and Verdana, set the bounds.
 */
const bounds: readonly (readonly [characters: RegExp, share: number])[] = [
  [/[ijl.,:;'|!]/, 0.46],
  [/[ ftrI()[\]\\/"`-]/, 0.52],
  [/[mwMWQ@%&<>=+~#]/, 1.02],
  [/[a-z0-9_$?*{}]/, 0.68],
  [/[A-Z]/, 0.82],
];
/** Beyond ASCII: no wider than its height, but for accents. */
const OTHER_SHARE = 1.1;
/** Bold letters are wider by so much. */
const BOLD = 1.13;

/** The most pixels that a text takes in a sans-serif font of this size. */
export function textWidth(text: string, fontSize: number, isBold = false): number {
  let share = 0;
  for (const character of text) {
    share += bounds.find(([characters]) => characters.test(character))?.[1] ?? OTHER_SHARE;
  }
  return Math.ceil(share * fontSize * (isBold ? BOLD : 1));
}
