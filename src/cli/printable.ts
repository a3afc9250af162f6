import { visibleText } from '../values/visible-text.js';

/** Beyond this, a text on the terminal is cut; `--json` gives it whole. */
const MAX_CHARACTERS = 1000;

/** A value's text for a terminal: what could move the cursor or disguise the text is spelled `\u…`; long texts are cut. */
export function printable(text: string): string {
  const characters = [...text.slice(0, 2 * MAX_CHARACTERS)];
  const shown = characters.slice(0, MAX_CHARACTERS).join('');
  const more = text.length - shown.length;
  const safe = visibleText(shown);
  return more === 0 ? safe : `${safe}… (${more} characters more: --json shows all)`;
}
