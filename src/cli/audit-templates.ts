import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import pc from 'picocolors';
import { type AuditFinding, auditTemplate } from '../aws/audit/audit.js';
import { SluiceError } from '../errors.js';
import { exitStatus } from './exit-status.js';
import type { Io } from './io.js';

/** `sluice audit`: every finding of every template. Gives the exit status: 2 where one is of level error. */
export async function auditTemplates(files: readonly string[], io: Io, json: boolean): Promise<number> {
  const all: AuditFinding[] = [];
  for (const file of files) {
    const findings = auditTemplate(await textOf(file, io), file);
    all.push(...findings);
    for (const finding of findings) {
      if (json) io.out(JSON.stringify({ event: 'finding', ...finding }));
      else if (finding.level !== 'waived') io.out(findingText(finding, io));
    }
  }
  const counts = { error: 0, warning: 0, waived: 0 };
  for (const { level } of all) counts[level]++;
  const { error: errors, warning: warnings, waived } = counts;
  const outcome = errors === 0 ? 'passed' : 'failed';
  if (json)
    io.out(JSON.stringify({ event: 'summary', outcome, files: files.length, errors, warnings, waived }));
  else io.err(`${files.length} read: ${errors} of level error, ${warnings} warnings, ${waived} waived`);
  return errors === 0 ? exitStatus.complete : exitStatus.refused;
}

async function textOf(file: string, { cwd }: Io): Promise<string> {
  try {
    return await readFile(resolve(cwd, file), 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    throw new SluiceError('file_unreadable', `the template ${file} cannot be read (${reason})`, { cause });
  }
}

/** `template.yaml:12:5  Resources.Inbox…  message  [rule]`, then what to do, as `check` prints it. */
function findingText(
  { file, line, column, path, message, rule, level, hint, page }: AuditFinding,
  io: Io,
): string {
  const colors = pc.createColors(io.color);
  const strong = level === 'error' ? colors.red : colors.yellow;
  const place = colors.bold(`${file}:${line}:${column}`);
  const parts = [place, path, strong(`${level}: ${message}`), colors.dim(`[${rule}]`)];
  const first = parts.filter((part) => part !== '').join('  ');
  const where = page === undefined ? '' : `\n    ${colors.dim(page)}`;
  return `${first}\n    ${colors.cyan('hint:')} ${hint}${where}`;
}
