import { driftText } from '../engine/drift-text.js';
import type { DriftReport } from '../transform/drift.js';
import { count } from './text.js';

/** What is shown of a step: all is in `--json`. */
const MAX_LINES = 10;

/** For people: nothing where rows are as they should be. */
export function driftLines(step: string, { rows, findings, more }: DriftReport): readonly string[] {
  if (findings.length === 0) return [];
  const left = findings.length - MAX_LINES + more;
  return [
    `drift in ${step}, ${count(rows)} rows:`,
    ...findings.slice(0, MAX_LINES).map((finding) => `  ${driftText(finding)}`),
    ...(left > 0 ? [`  and ${count(left)} more (--json)`] : []),
  ];
}
