/** Control characters, and those that turn, join or hide what stands beside them. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Text of which everything is seen: what could move a cursor or disguise the text is spelled `\u…`. */
export function visibleText(text: string): string {
  return text.replace(unseen, escaped);
}

function escaped(character: string): string {
  const known = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character];
  return known ?? `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}
