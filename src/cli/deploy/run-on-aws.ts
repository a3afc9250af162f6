import { relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Execution, Executions } from '../../aws/deploy/executions.js';
import type { Declaration } from '../../declare/declaration.js';
import { type ErrorCode, errorCodes, SluiceError } from '../../errors.js';
import { newRunName } from '../../flow/run-name.js';
import { histories, type RunHistory } from '../../journal/runs.js';
import type { PipelineState } from '../../journal/state.js';
import { reportError } from '../errors.js';
import { exitStatus } from '../exit-status.js';
import { type Interrupt, onInterrupt } from '../interrupt.js';
import type { Io } from '../io.js';
import type { OnOption } from '../on-option.js';
import { jsonProgress, type Progress, quietProgress } from '../progress.js';
import { barProgress } from '../progress-bars.js';
import type { RunOptions } from '../run-declaration.js';
import { openState } from '../session.js';
import { type Outcome, statusOf, summaryEvent, summaryText } from '../summary.js';
import { callContext } from './chosen-assembly.js';
import { declaredTree } from './declared-tree.js';
import { deployedPipeline } from './deployed-pipeline.js';
import { JournalProgress } from './journal-progress.js';

export interface AwsRunOptions extends RunOptions, OnOption {
  /** Ends the execution that is under way instead of following it. */
  readonly stop?: boolean;
}

/** What the state machine does not take: it always runs the whole flow. */
const onlyHere = ['step', 'wait', 'only', 'drain', 'state'] as const;

/**
 * Starts an execution of the deployed pipeline and follows it to its end; one that is under way is followed instead. Gives the exit
 * status that a run here would have.
 */
export async function runOnAws(declaration: Declaration, io: Io, options: AwsRunOptions): Promise<number> {
  const other = onlyHere.find((name) => options[name] !== undefined);
  if (other !== undefined) throw new SluiceError('usage', `--${other} is of runs here, not of --on aws`);
  const { stateUrl, machine } = await deployedPipeline(declaration, io);
  if (machine === undefined) {
    throw new SluiceError('usage', `what is deployed of ${declaration.pipeline} has no runs`, {
      hint: 'it does what it is handed; sluice rejects and sluice replay take --on aws',
    });
  }
  const interrupt = onInterrupt(io, { says: 'no longer following; once more leaves at once' });
  const executions = new Executions(machine, { env: io.env, context: callContext(interrupt.signal) });
  try {
    const running = await executions.running();
    if (options.stop) return await stopped(executions, running, io);
    const state = await openState(declaration, io, stateUrl);
    // What is not there is found before anything has begun.
    await state.runs.names();
    if (running !== undefined) say(io, options, 'following', running);
    const arn = running ?? (await executions.start(newRunName(), inputOf(options)));
    if (running === undefined) say(io, options, 'started', arn);
    return await followed({ declaration, io, options, executions, state, interrupt }, arn);
  } catch (error) {
    if (interrupt.status() === undefined) throw error;
    return leftAlone(declaration, io, options, interrupt);
  } finally {
    interrupt.dispose();
    await executions.close();
  }
}

async function stopped(executions: Executions, running: string | undefined, io: Io): Promise<number> {
  if (running !== undefined) await executions.stop(running);
  io.err(
    running === undefined
      ? 'no execution is under way'
      : `${running} is stopped; the next run goes on with it`,
  );
  return exitStatus.complete;
}

/** What `begin` of the deployed pipeline understands. */
function inputOf({ at, from, to, fresh, full }: AwsRunOptions): object {
  return JSON.parse(JSON.stringify({ at, from, to, fresh, full })) as object;
}

function say(io: Io, { json }: AwsRunOptions, what: 'started' | 'following', execution: string): void {
  if (json) io.out(JSON.stringify({ event: 'execution', what, execution }));
  else io.err(what === 'started' ? `started ${execution}` : `following ${execution}, which is under way`);
}

function leftAlone({ file }: Declaration, io: Io, { json }: AwsRunOptions, interrupt: Interrupt): number {
  const again = `sluice run ${relative(io.cwd, file)} --on aws`;
  const error = new SluiceError('interrupted', 'the execution goes on without being followed', {
    hint: `\`${again}\` follows it again; \`${again} --stop\` ends it`,
  });
  reportError(error, io, json === true);
  return interrupt.status() ?? exitStatus.interrupted;
}

interface Following {
  readonly declaration: Declaration;
  readonly io: Io;
  readonly options: AwsRunOptions;
  readonly executions: Executions;
  readonly state: PipelineState;
  readonly interrupt: Interrupt;
}

const POLL_MS = 500;
const LONGEST_POLL_MS = 5000;
/** A long journal takes its time to read: it is not read all the time. */
const READ_SHARE = 4;

async function followed(following: Following, arn: string): Promise<number> {
  const { declaration, io, options, executions, state, interrupt } = following;
  const observer = await progressFor(declaration, io, options);
  const progress = new JournalProgress(declaration, observer);
  let execution: Execution;
  let history: RunHistory | undefined;
  try {
    for (let wait = POLL_MS; ; wait = Math.min(wait * 1.2, LONGEST_POLL_MS)) {
      const looked = performance.now();
      execution = await executions.look(arn);
      const known = history;
      history = await runOf(arn, state, history);
      if (history && !known) sayRun(declaration, history, io, options);
      if (history) progress.see(history);
      if (execution.status !== 'RUNNING') break;
      const pause = Math.max(wait, READ_SHARE * (performance.now() - looked));
      await sleep(pause, undefined, { signal: interrupt.signal });
    }
  } finally {
    observer.close();
  }
  return reported(execution, history, progress, following);
}

/** As a run here begins. */
function sayRun(
  { pipeline }: Declaration,
  { run, resumed, firing }: RunHistory,
  io: Io,
  { json }: AwsRunOptions,
): void {
  if (json) io.out(JSON.stringify({ event: 'run', pipeline, run, resumed: resumed === true, firing }));
  else if (resumed) io.err(`it goes on with run ${run}`);
}

/** The run that the execution has begun, or gone on with: one of the newest. */
async function runOf(
  arn: string,
  { runs }: PipelineState,
  known: RunHistory | undefined,
): Promise<RunHistory | undefined> {
  for await (const history of histories(runs)) {
    if (history.execution === arn) return history;
    if (known !== undefined && history.run < known.run) return known;
    if (known === undefined && history.end !== undefined) return undefined;
  }
  return known;
}

function reported(
  { status, error, cause }: Execution,
  history: RunHistory | undefined,
  { ends }: JournalProgress,
  { declaration, io, options }: Following,
): number {
  const json = options.json === true;
  const failures = [...ends.values()].filter(({ outcome, handled }) => outcome === 'failed' && !handled);
  for (const end of failures) reportError(end.error, io, json);
  const outcome = outcomeOf(status, history);
  if (status !== 'SUCCEEDED' && failures.length === 0) {
    const words = cause === undefined ? '' : `: ${wordsOf(cause).slice(0, MAX_CAUSE)}`;
    const what = `the execution is ${status} (${error ?? 'no reason given'})${words}`;
    reportError(new SluiceError(codeOf(error), what), io, json);
  }
  const run = history?.run ?? '';
  if (json) io.out(JSON.stringify(summaryEvent(declaration.pipeline, run, outcome, ends)));
  else io.out(summaryText(run, outcome, ends));
  return statusOf(outcome, undefined);
}

/** Functions of ours, and states that fail, name their errors by our codes. */
function codeOf(error = ''): ErrorCode {
  return Object.hasOwn(errorCodes, error) ? (error as ErrorCode) : 'call_failed';
}

const MAX_CAUSE = 500;

/** Of a function that failed, what it said: the rest is its stack. */
function wordsOf(cause: string): string {
  try {
    const { errorMessage } = JSON.parse(cause) as { readonly errorMessage?: unknown };
    return typeof errorMessage === 'string' ? errorMessage : cause;
  } catch {
    return cause;
  }
}

function outcomeOf(status: Execution['status'], history: RunHistory | undefined): Outcome {
  if (status !== 'SUCCEEDED') return 'stopped';
  const { end } = history ?? {};
  return end === 'rejects' || end === 'failures' ? end : 'complete';
}

async function progressFor({ steps }: Declaration, io: Io, options: AwsRunOptions): Promise<Progress> {
  if (options.json) return jsonProgress(io);
  if (options.quiet || !io.terminal) return quietProgress(io);
  return await barProgress(io, declaredTree(steps));
}
