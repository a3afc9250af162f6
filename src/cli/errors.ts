import pc from 'picocolors';
import { SluiceError } from '../errors.js';
import { sourceStack } from '../source-stack.js';
import type { Io } from './io.js';

/** One error for people: code, message, place, hint. Values and secrets are not in there (invariant 8). */
function errorText(error: SluiceError, color: boolean): string {
  const colors = pc.createColors(color);
  const lines = [`${colors.red(`error[${error.code}]`)} ${error.message}`];
  if (error.path !== undefined) lines.push(`  at ${error.path}`);
  if (error.hint !== undefined) lines.push(`  ${colors.cyan('hint:')} ${error.hint}`);
  return lines.join('\n');
}

/** The same for programs. */
export function errorEvent(error: SluiceError): object {
  const { code, message, hint, path, problems } = error;
  return { event: 'error', code, message, hint, path, ...(problems.length > 0 ? { problems } : {}) };
}

/** Says what went wrong: an error of ours in full, a bug with its stack. */
export function reportError(error: unknown, io: Io, json: boolean): void {
  if (error instanceof SluiceError) {
    if (json) io.out(JSON.stringify(errorEvent(error)));
    else io.err([errorText(error, io.color), ...problemLines(error)].join('\n'));
    return;
  }
  const text = error instanceof Error ? sourceStack(error.stack ?? error.message) : String(error);
  if (json) io.out(JSON.stringify({ event: 'error', code: 'bug', message: text }));
  else io.err(`bug: this should not happen. Please report it.\n${text}`);
}

function problemLines(error: SluiceError): string[] {
  return error.problems.map((problem) => {
    const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':');
    const hint = problem.hint === undefined ? '' : `\n    hint: ${problem.hint}`;
    return `  ${place}  ${problem.path}  ${problem.message}${hint}`;
  });
}
