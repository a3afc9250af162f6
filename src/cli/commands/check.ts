import type { Command } from 'commander';
import pc from 'picocolors';
import { type Declaration, innerSteps, type Step } from '../../declare/declaration.js';
import { type Problem, SluiceError } from '../../errors.js';
import { exitStatus } from '../exit-status.js';
import type { Io } from '../io.js';

interface CheckOptions {
  readonly state?: string;
  readonly json?: boolean;
}

/** What was found out about one file. */
interface Checked {
  readonly file: string;
  readonly declaration?: Declaration;
  readonly problems: readonly Problem[];
}

const examples = `
Examples:
  sluice check orders.yaml
  sluice check pipelines/*.yaml --json | jq 'select(.event == "problem")'

Exit status: 0 no mistakes · 2 mistakes`;

export function registerCheck(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('check')
    .summary('show every mistake in a declaration at once')
    .description(
      'Shows every mistake in declarations at once, with line, path and hint. Opens no connection.',
    )
    .argument('<file...>', 'declarations, YAML or TypeScript')
    .option('--state <folder>', 'where runs are kept; check uses none')
    .option('--json', 'one JSON event a line')
    .addHelpText('after', examples)
    .action(async (files: string[], options: CheckOptions) => exit(await check(files, options, io)));
}

async function check(files: readonly string[], options: CheckOptions, io: Io): Promise<number> {
  const results: Checked[] = [];
  for (const file of files) {
    const result = await checkFile(file, io);
    if (options.json) sayEvents(result, io);
    else sayText(result, io);
    results.push(result);
  }
  const problems = results.flatMap((result) => result.problems).length;
  if (options.json) {
    const warnings = results.flatMap((result) => result.declaration?.warnings ?? []).length;
    const outcome = problems === 0 ? 'valid' : 'invalid';
    io.out(JSON.stringify({ event: 'summary', outcome, files: files.length, problems, warnings }));
  }
  return problems === 0 ? exitStatus.complete : exitStatus.refused;
}

async function checkFile(file: string, io: Io): Promise<Checked> {
  const { loadDeclaration } = await import('../../declare/load.js');
  try {
    return { file, declaration: await loadDeclaration(file, { env: io.env, cwd: io.cwd }), problems: [] };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return { file, problems: error.problems.length > 0 ? error.problems : [problemOf(error, file)] };
  }
}

/** A file that cannot be read is a mistake like any other: the other files are still checked. */
function problemOf({ code, message, hint }: SluiceError, file: string): Problem {
  return { file, path: '', code, message, ...(hint !== undefined && { hint }) };
}

function sayEvents({ file, declaration, problems }: Checked, io: Io): void {
  for (const problem of problems) io.out(JSON.stringify({ event: 'problem', ...problem }));
  if (!declaration) return;
  for (const warning of declaration.warnings) io.out(JSON.stringify({ event: 'warning', ...warning }));
  const { pipeline } = declaration;
  io.out(JSON.stringify({ event: 'declaration', file, pipeline, steps: stepNames(declaration.steps) }));
}

function sayText({ file, declaration, problems }: Checked, io: Io): void {
  const colors = pc.createColors(io.color);
  for (const problem of problems) io.out(problemText(problem, colors.red, colors));
  if (problems.length > 0) {
    io.err(`${file}: ${counted(problems.length, 'mistake')}`);
    return;
  }
  if (!declaration) return;
  for (const warning of declaration.warnings) io.err(problemText(warning, colors.yellow, colors));
  const steps = counted(stepNames(declaration.steps).length, 'step');
  const connections = counted(Object.keys(declaration.connections).length, 'connection');
  io.out(
    `${file}: ${colors.green('no mistakes')}: pipeline ${declaration.pipeline}, ${steps}, ${connections}`,
  );
}

type Colors = ReturnType<typeof pc.createColors>;

/** `orders.yaml:12:5  steps[0].to.mode  unknown mode "putt"  [wrong_value]`, and the hint below. */
function problemText(problem: Problem, strong: (text: string) => string, colors: Colors): string {
  const { file, line, column, path, message, code, hint } = problem;
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  const parts = [colors.bold(place), path, strong(message), colors.dim(`[${code}]`)];
  const first = parts.filter((part) => part !== '').join('  ');
  return hint === undefined ? first : `${first}\n    ${colors.cyan('hint:')} ${hint}`;
}

function stepNames(steps: readonly Step[]): string[] {
  return steps.flatMap((step) => [
    ...(step.kind === 'parallel' ? [] : [step.name]),
    ...stepNames(innerSteps(step)),
  ]);
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
