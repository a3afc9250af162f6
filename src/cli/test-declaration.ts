import pc from 'picocolors';
import type { Declaration } from '../declare/declaration.js';
import type { Difference } from '../engine/step-tests/expectation.js';
import { runStepTests, type TestOutcome } from '../engine/step-tests/run-tests.js';
import { SluiceError } from '../errors.js';
import { copySteps, replicateSteps } from '../flow/scope.js';
import { exitStatus } from './exit-status.js';
import type { Io } from './io.js';

export interface TestOptions {
  readonly step?: string;
  readonly json?: boolean;
}

/** `sluice test`: every test of the steps, without a server. Gives the exit status. */
export async function testDeclaration(
  declaration: Declaration,
  io: Io,
  options: TestOptions,
): Promise<number> {
  const outcomes = await outcomesOf(declaration, options.step);
  if (outcomes.length === 0) {
    throw new SluiceError('usage', 'there are no tests', {
      hint: 'give a step: tests: [{ name: …, given: { id: 1 }, rows: { id: 1 } }]; see docs/check.md',
    });
  }
  for (const outcome of outcomes) {
    if (options.json) io.out(JSON.stringify(eventOf(outcome)));
    else io.out(textOf(outcome, io));
  }
  const failed = outcomes.filter(({ differences }) => differences.length > 0).length;
  const tests = outcomes.length;
  if (options.json) {
    const outcome = failed === 0 ? 'passed' : 'failed';
    const { pipeline } = declaration;
    io.out(JSON.stringify({ event: 'summary', pipeline, outcome, tests, failed }));
  } else {
    io.out(`${tests} ${tests === 1 ? 'test' : 'tests'}, ${failed === 0 ? 'all passed' : `${failed} failed`}`);
  }
  return failed === 0 ? exitStatus.complete : exitStatus.different;
}

async function outcomesOf(
  { steps, connections }: Declaration,
  name: string | undefined,
): Promise<readonly TestOutcome[]> {
  const all = [...copySteps(steps), ...replicateSteps(steps)];
  const chosen = all.filter((step) => name === undefined || step.name === name);
  if (chosen.length === 0) throw new SluiceError('usage', `no step of this name can have tests`);
  const isTyped = (connection: string) => connections[connection]?.kind === 'mysql';
  const outcomes: TestOutcome[] = [];
  for (const step of chosen) {
    const ends = { typedSource: isTyped(step.from.connection), typedSink: isTyped(step.to.connection) };
    const changes = step.kind === 'replicate' ? { changes: true as const } : {};
    outcomes.push(...(await runStepTests(step, { ...ends, ...changes })));
  }
  return outcomes;
}

function eventOf({ step, name, differences }: TestOutcome): object {
  const outcome = differences.length === 0 ? 'passed' : 'failed';
  return { event: 'test', step, name, outcome, differences };
}

function textOf({ step, name, differences }: TestOutcome, io: Io): string {
  const colors = pc.createColors(io.color);
  const mark = differences.length === 0 ? colors.green('✓') : colors.red('✗');
  const lines = differences.flatMap((one) => differenceLines(one, colors));
  return [`${mark} ${step}: ${name}`, ...lines.map((line) => `    ${line}`)].join('\n');
}

function differenceLines(
  { kind, place, column, expected, got }: Difference,
  colors: ReturnType<typeof pc.createColors>,
): readonly string[] {
  return [
    `${kind} ${place}${column === undefined ? '' : `, ${column}`}`,
    ...(expected === undefined ? [] : [colors.red(`  - ${expected}`)]),
    ...(got === undefined ? [] : [colors.green(`  + ${got}`)]),
  ];
}
