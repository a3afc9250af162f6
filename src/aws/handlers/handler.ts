import { SluiceError } from '../../errors.js';
import type { Asked, Deployed, Works } from './deployed.js';
import { type FunctionTime, functionTime, type LambdaContext } from './function-time.js';
import { openLog } from './log.js';

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
    try {
      const deployed = await opened;
      const { pipeline } = deployed.declaration;
      const log = openLog(pipeline, about(asked, context), write);
      // A service that hands over an event asks for nothing.
      const wanted = typeof asked.do === 'string' ? asked.do : 'event';
      const work = Object.hasOwn(works, wanted) ? works[wanted] : undefined;
      if (!work) throw new SluiceError('usage', `the function was asked to ${wanted}, which it cannot`);
      return await work(deployed, asked, { time, log });
    } catch (error) {
      const named = namedFailure(error);
      write(failureLine(asked, context, error, named, begun));
      throw named;
    } finally {
      time.close();
    }
  };
}

function about({ do: work, run, step }: Asked, { awsRequestId }: LambdaContext) {
  return {
    do: work,
    ...(typeof run === 'string' ? { run } : {}),
    ...(typeof step === 'string' ? { step } : {}),
    ...(awsRequestId === undefined ? {} : { requestId: awsRequestId }),
  };
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

/** With the places in the code, and nothing that somebody else's message says. */
function failureLine(
  asked: Asked,
  context: LambdaContext,
  error: unknown,
  { name, message }: Error,
  begun: number,
): string {
  const stack =
    error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : [];
  return JSON.stringify({
    level: 'ERROR',
    message,
    code: name,
    ...about(asked, context),
    seconds: Math.round(performance.now() - begun) / 1000,
    ...(name === 'bug' ? { kind: error instanceof Error ? error.name : typeof error, stack } : {}),
  });
}
