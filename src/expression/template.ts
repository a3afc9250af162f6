import type { ExpressionMistake, Reference } from './expression.js';
import { parseReference } from './parse.js';

/** A text of a call's `input`: a reference whose value it stands for, a mistake, or plain text (undefined). */
export function referenceIn(
  text: string,
): { readonly reference: Reference } | { readonly mistake: ExpressionMistake } | undefined {
  if (!text.includes('{{')) return undefined;
  const inside = /^\{\{(.*)\}\}$/s.exec(text)?.[1];
  if (inside === undefined || inside.includes('{{')) {
    const hint = 'give the parts as values of their own, and join them where they are used';
    return { mistake: { at: text.indexOf('{{'), message: '{{ … }} must be the whole value', hint } };
  }
  const parsed = parseReference(inside);
  if ('mistake' in parsed) return { mistake: { ...parsed.mistake, at: parsed.mistake.at + 2 } };
  return { reference: parsed.expression };
}
