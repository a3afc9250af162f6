import { SluiceError } from '../../errors.js';

/** What is asked of the object that Lambda hands to a function beside its event. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
  readonly awsRequestId?: string;
}

/** Of the time that a function is given, for what has to be done when it has no more time to work. */
export const RESERVE_MS = 20_000;
/** A function that is given little time keeps this share of it. */
const RESERVE_SHARE = 1 / 3;
/** So much of the reserve is left when waiting is given up altogether. */
const LAST_SHARE = 1 / 4;

/** How long a function may work. */
export interface FunctionTime {
  /** Aborted when it should hand over. */
  readonly until: AbortSignal;
  /** Aborted just before Lambda ends the function, so that it can still say so. */
  readonly signal: AbortSignal;
  close(): void;
}

/** `SLUICE_WORK_SECONDS` (`deploy.workSeconds`): it hands over after so long at the latest. Default: all its time but a reserve. */
export function functionTime(
  context: LambdaContext,
  env: Readonly<Record<string, string | undefined>> = process.env,
): FunctionTime {
  const leftMs = context.getRemainingTimeInMillis();
  const workMs = 1000 * Number(env['SLUICE_WORK_SECONDS'] ?? Number.POSITIVE_INFINITY);
  const reserveMs = Math.min(RESERVE_MS, leftMs * RESERVE_SHARE);
  const [until, signal] = [new AbortController(), new AbortController()];
  const reason = () => new SluiceError('timeout', "the function's time was over", { retry: 'later' });
  const timers = [
    setTimeout(() => until.abort(reason()), Math.min(workMs, leftMs - reserveMs)),
    setTimeout(() => signal.abort(reason()), leftMs - reserveMs * LAST_SHARE),
  ];
  return {
    until: until.signal,
    signal: signal.signal,
    close: () => {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
