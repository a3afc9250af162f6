import { SluiceError } from '../../errors.js';
import { sourceStack } from '../../source-stack.js';
import type { Asked, Deployed, Works } from './deployed.js';
import { type FunctionTime, functionTime, type LambdaContext } from './function-time.js';
import { type Logged, logLine, openLog } from './log.js';

/** A function as Lambda calls it. */
export type Handler = (event: Asked, context: LambdaContext) => Promise<object>;

/** Where a function runs. */
export interface Surroundings {
  /** Writes a line of the log. */
  write(line: string): void;
  timeOf(context: LambdaContext): FunctionTime;
}

const lambdaItself: Surroundings = {
  write: (line) => void process.stdout.write(`${line}\n`),
  timeOf: functionTime,
};

/**
 * Does what it is asked for. Fails with an error whose name is a code of ours, which Step Functions tells its `Retry` and
 * `Catch` by.
 */
export function handlerOf(
  open: () => Promise<Deployed>,
  works: Works,
  { write, timeOf }: Surroundings = lambdaItself,
): Handler {
  let opened: Promise<Deployed> | undefined;
  return async (asked, context) => {
    const time = timeOf(context);
    const begun = performance.now();
    opened ??= open();
    let known: Logged = {};
    try {
      const deployed = await opened;
      const about = { pipeline: deployed.declaration.pipeline, ...aboutOf(asked, context, deployed.env) };
      known = about;
      const log = openLog(about, write);
      // A service that hands over an event asks for nothing.
      const wanted = typeof asked.do === 'string' ? asked.do : 'event';
      const work = Object.hasOwn(works, wanted) ? works[wanted] : undefined;
      if (!work) throw new SluiceError('usage', `the function was asked to ${wanted}, which it cannot`);
      return await work(deployed, asked, { time, log });
    } catch (error) {
      const named = namedFailure(error);
      write(failureLine(known, error, named, begun));
      throw named;
    } finally {
      time.close();
    }
  };
}

/** Which share of which work it is: names, and nothing else of what was handed over. */
function aboutOf(asked: Asked, { awsRequestId: requestId }: LambdaContext, env: Deployed['env']): Logged {
  const { do: work, run, step = env['SLUICE_STEP'], part } = asked;
  const { copy, worker } = (part ?? {}) as Readonly<Record<string, unknown>>;
  const names = { do: work, run, step, copy, part: worker, requestId };
  return Object.fromEntries(Object.entries(names).filter(isNamed));
}

function isNamed(entry: [string, unknown]): entry is [string, string] {
  return typeof entry[1] === 'string';
}

/** Messages of our own errors hold no values; those of others may (invariant 8). */
function namedFailure(error: unknown): Error {
  const ours = error instanceof SluiceError;
  const hint = ours && error.hint !== undefined ? ` (${error.hint})` : '';
  const named = new Error(ours ? `${error.message}${hint}` : 'this should not have happened');
  named.name = ours ? error.code : 'bug';
  named.stack = `${named.name}: ${named.message}`;
  return named;
}

function failureLine(known: Logged, error: unknown, { name, message }: Error, begun: number): string {
  const seconds = Math.round(performance.now() - begun) / 1000;
  const kind = error instanceof Error ? error.name : typeof error;
  const bug = name === 'bug' ? { kind, stack: placesOf(error) } : {};
  return logLine('ERROR', message, { code: name, ...known, seconds, ...bug });
}

/** Places in the code, and nothing that somebody else's message says. */
function placesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const { message, stack = '' } = error;
  const [, ...behind] = message === '' ? ['', stack] : stack.split(message);
  return sourceStack(behind.join(''))
    .split('\n')
    .filter((line) => /^\s+at /.test(line));
}
