/** Beyond this, a text on the terminal is cut; `--json` gives it whole. */
const MAX_CHARACTERS = 1000;

/** Control characters, and those that turn, join or hide what stands beside them. */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A value's text for a terminal: what could move the cursor or disguise the text is spelled `\u…`; long texts are cut. */
export function printable(text: string): string {
  const characters = [...text.slice(0, 2 * MAX_CHARACTERS)];
  const shown = characters.slice(0, MAX_CHARACTERS).join('');
  const safe = shown.replace(unsafe, escaped);
  const more = text.length - shown.length;
  return more === 0 ? safe : `${safe}… (${more} characters more: --json shows all)`;
}

function escaped(character: string): string {
  const known = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character];
  return known ?? `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}
