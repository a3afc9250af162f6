import pc from 'picocolors';
import type { Finding } from '../connectors/connector.js';

const marks = { refuse: '✗ refused', warn: '! warning', note: '· note' } as const;

/** What a plan says of a step, for people: its weight, its code, its place and a hint. */
export function findingLines(findings: readonly Finding[], color: boolean): string[] {
  const colors = pc.createColors(color);
  const paint = { refuse: colors.red, warn: colors.yellow, note: colors.dim } as const;
  return findings.flatMap(({ level, code, message, hint, path }) => {
    const place = path === undefined ? '' : ` (${path})`;
    const name = code === 'note' ? '' : ` [${code}]`;
    const line = `  ${paint[level](`${marks[level]}${name}`)} ${message}${place}`;
    return hint === undefined ? [line] : [line, `      hint: ${hint}`];
  });
}
