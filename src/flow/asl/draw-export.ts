import type { ExportStep } from '../../declare/declaration.js';
import { resultPath } from './context-path.js';
import { type Block, type Next, type State, type States, to } from './definition.js';
import { stepTask } from './draw-copy.js';
import type { Drawing } from './drawing.js';
import { stepRetry } from './failures.js';
import { type DatabaseCalls, databaseCalls, type Watch } from './rds-calls.js';
import { resultFrom } from './results.js';

type Fields = Readonly<Record<string, unknown>>;
type Named = (what: string) => string;

/**
 * A snapshot and its export: Step Functions calls RDS and waits, without a function. Our function is asked what comes next: it
 * notes every name before RDS is asked, sees what is there, and at the end checks, publishes and prunes. All of it within a
 * Parallel of one branch, so that `retry` and `onFailure` hold for it.
 */
export function exportBlock(step: ExportStep, drawing: Drawing, next: Next, failure: Fields): Block {
  const label = drawing.labels.of(step);
  const whole: State = {
    Type: 'Parallel',
    Comment: `export ${step.name}: ${step.from.connection} → ${step.to.connection}`,
    Branches: [{ StartAt: `${label}: begin`, States: exportStates(step, drawing) }],
    ResultSelector: resultFrom('export', '$[0]', 'output'),
    ResultPath: resultPath(label),
    ...stepRetry(step),
    ...failure,
    ...to(next),
  };
  return { entry: label, states: { [label]: whole } };
}

/** What the function gives each time; all fields are always there. */
const answer = ['next', 'name', 'source', 'refused', 'result'] as const;

/** What the function says comes next, and the state that does it. */
const ways = {
  takeSnapshot: 'take snapshot',
  watchSnapshot: 'snapshot late?',
  startExport: 'start export',
  watchExport: 'export late?',
  wait: 'database late?',
} as const;

function exportStates(step: ExportStep, drawing: Drawing): States {
  const named: Named = (what) => `${drawing.labels.of(step)}: ${what}`;
  const calls = databaseCalls(step, drawing);
  const { seconds, looks } = waitsOf(step, drawing);
  const choices = Object.entries(ways).map(([said, state]) => ({
    Variable: '$.export.next',
    StringEquals: said,
    Next: named(state),
  }));
  return {
    [named('begin')]: {
      Type: 'Pass',
      Parameters: {
        'run.$': '$.run',
        'firing.$': '$.firing',
        export: { refused: '' },
        count: { left: looks },
      },
      ...to(named('next')),
    },
    [named('next')]: stepTask(
      'export',
      step,
      drawing,
      {
        ResultSelector: Object.fromEntries(answer.map((field) => [`${field}.$`, `$.Payload.${field}`])),
        ResultPath: '$.export',
        ...to(named('what?')),
      },
      { 'refused.$': '$.export.refused' },
    ),
    [named('what?')]: { Type: 'Choice', Choices: choices, Default: named('result') },
    ...begins(named, 'take snapshot', 'snapshot', calls.takeSnapshot, calls),
    ...begins(named, 'start export', 'export', calls.startExport, calls),
    ...pause(named, 'snapshot', seconds, 'look at snapshot'),
    ...pause(named, 'export', seconds, 'look at export'),
    ...pause(named, 'database', seconds, 'next'),
    ...looksAt(named, 'snapshot', calls.watchSnapshot, calls),
    ...looksAt(named, 'export', calls.watchExport, calls),
    [named('late')]: {
      Type: 'Fail',
      Error: 'timeout',
      Cause: `RDS was not done within ${step.deadlineSeconds} s; what was begun goes on there, and the next run goes on waiting for it`,
    },
    [named('result')]: { Type: 'Pass', InputPath: '$.export.result', ...to(undefined) },
  };
}

/** What RDS says against a call is told to the function, which knows what it means. */
function begins(named: Named, state: string, what: string, call: Fields, calls: DatabaseCalls): States {
  return {
    [named(state)]: {
      Type: 'Task',
      ...call,
      ...calls.credentials,
      ResultPath: null,
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.export.refused', Next: named('next') }],
      ...to(named(`${what} late?`)),
    },
  };
}

/** One wait, unless there have been all. */
function pause(named: Named, what: string, seconds: number, then: string): States {
  const [late, counts, wait] = [`${what} late?`, `${what} goes on`, `wait for ${what}`].map(named);
  if (late === undefined || counts === undefined || wait === undefined) return {};
  return {
    [late]: {
      Type: 'Choice',
      Choices: [{ Variable: '$.count.left', NumericLessThanEquals: 0, Next: named('late') }],
      Default: counts,
    },
    [counts]: {
      Type: 'Pass',
      Parameters: { 'left.$': 'States.MathAdd($.count.left, -1)' },
      ResultPath: '$.count',
      ...to(wait),
    },
    [wait]: { Type: 'Wait', Seconds: seconds, ...to(named(then)) },
  };
}

/** Whether it has ended one way or another. Where it is not found, the function finds out what that means. */
function looksAt(named: Named, what: string, { call, status, ends }: Watch, calls: DatabaseCalls): States {
  const done = named(`${what} done?`);
  return {
    [named(`look at ${what}`)]: {
      Type: 'Task',
      ...call,
      ...calls.credentials,
      ResultSelector: { 'status.$': status },
      ResultPath: '$.seen',
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: named('next') }],
      ...to(done),
    },
    [done]: {
      Type: 'Choice',
      Choices: ends.map((end) => ({ Variable: '$.seen.status', ...end, Next: named('next') })),
      Default: named(`${what} late?`),
    },
  };
}

/**
 * An execution has at most 25,000 events, and each look at RDS makes 13 of them. Those of all exports and attempts together stay
 * below: waits become longer, not fewer. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 */
const MAX_LOOKS = 1500;

/** How long each wait takes, and how many there are until the deadline. */
function waitsOf(
  { pollSeconds, deadlineSeconds, retry }: ExportStep,
  { steps }: Drawing,
): { readonly seconds: number; readonly looks: number } {
  const exports = [...steps.values()].filter(({ kind }) => kind === 'export').length;
  const share = Math.max(1, Math.floor(MAX_LOOKS / (exports * retry.attempts)));
  const seconds = Math.max(Math.ceil(pollSeconds), Math.ceil(deadlineSeconds / share));
  return { seconds, looks: Math.ceil(deadlineSeconds / seconds) };
}
