import { type FiringName, firingNames } from '../../values/firing.js';
import type { Objection } from '../option-rules.js';
import { placeholderName, unknownPlaceholder } from '../placeholders.js';

/** A stretch of SQL: what the server reads as statement, or text in quotes or a comment. */
interface Stretch {
  readonly kind: 'code' | 'quoted' | 'comment';
  readonly text: string;
}

/**
 * Quoted text and names, and comments, as our sessions read them (see settings.ts: backslashes escape, double quotes
 * hold text). https://dev.mysql.com/doc/refman/8.4/en/comments.html
 */
const quotedOrComment =
  /'(?:[^'\\]|\\[\s\S])*(?:'|$)|"(?:[^"\\]|\\[\s\S])*(?:"|$)|`[^`]*(?:`|$)|--(?=\s|$)[^\n]*|#[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g;

const placeholder = /\{\{([\s\S]*?)\}\}/g;

function* stretches(sql: string): Generator<Stretch> {
  let at = 0;
  for (const found of sql.matchAll(quotedOrComment)) {
    if (found.index > at) yield { kind: 'code', text: sql.slice(at, found.index) };
    const [text] = found;
    yield { kind: /^['"`]/.test(text) ? 'quoted' : 'comment', text };
    at = found.index + text.length;
  }
  if (at < sql.length) yield { kind: 'code', text: sql.slice(at) };
}

/** What is wrong with the placeholders of a declared `where` or `query`. */
export function placeholderMistakes(field: string, sql: string): readonly Objection[] {
  return [...stretches(sql)].flatMap(({ kind, text }) =>
    kind === 'code' ? mistakesInCode(field, text) : mistakeInText(field, kind, text),
  );
}

function mistakesInCode(field: string, code: string): readonly Objection[] {
  const unknown = [...code.matchAll(placeholder)].flatMap(([, inside = '']) =>
    placeholderName(inside) === undefined ? [unknownPlaceholder([field], inside)] : [],
  );
  if (!/\{\{|\}\}/.test(code.replaceAll(placeholder, ''))) return unknown;
  const message = 'braces that do not close, or hold quotes or a comment';
  return [
    ...unknown,
    { code: 'wrong_value', path: [field], message, hint: 'one looks like {{ firing.start }}' },
  ];
}

/** Braces in a text are the text's own, unless they name a firing: then somebody expected a value there. */
function mistakeInText(field: string, kind: 'quoted' | 'comment', text: string): readonly Objection[] {
  if (!/\{\{\s*firing\b/.test(text)) return [];
  const where = kind === 'quoted' ? 'in quotes' : 'in a comment';
  const message = `a placeholder ${where} is text, and is not replaced`;
  const hint =
    kind === 'quoted'
      ? 'write it without quotes: it is a DATETIME(6) by itself'
      : 'take it out of the comment';
  return [{ code: 'wrong_value', path: [field], message, hint }];
}

/** The user variable that carries a value; its name is ours, its value is bound. */
export function variableOf(name: FiringName): string {
  return `@sluice_firing_${name}`;
}

/**
 * The SQL with an expression of type DATETIME(6) in the place of each placeholder. Nothing but a variable's name is
 * put into the text. The optimizer takes a variable that the statement does not assign for a constant, so that an
 * index on the column serves.
 */
export function withVariables(sql: string): { readonly sql: string; readonly names: readonly FiringName[] } {
  const used = new Set<FiringName>();
  const replaced = [...stretches(sql)].map(({ kind, text }) => {
    if (kind !== 'code') return text;
    return text.replaceAll(placeholder, (whole, inside: string) => {
      const name = placeholderName(inside);
      if (name === undefined) return whole;
      used.add(name);
      return `CAST(${variableOf(name)} AS DATETIME(6))`;
    });
  });
  return { sql: replaced.join(''), names: firingNames.filter((name) => used.has(name)) };
}

/** A firing's value as MySQL reads times: `2026-11-01 05:00:00.000`. */
export function timeText(value: string): string {
  return value.replace('T', ' ').replace('Z', '');
}
