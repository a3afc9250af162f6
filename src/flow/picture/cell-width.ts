const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const none = /[\p{Mn}\p{Me}]/u;

/** Cells that a text takes on a terminal: most characters one, East Asian ones and pictures two, accents none. */
export function cellWidth(text: string): number {
  let width = 0;
  for (const character of text) width += widthOfOne(character);
  return width;
}

export function widthOfOne(character: string): 0 | 1 | 2 {
  if (character < '\u0300') return 1;
  if (none.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}
