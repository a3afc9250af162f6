import { checkInput, type Reading } from './conditions.js';
import type { CallStep, VerifyStep, WaitStep } from './declaration.js';
import { type DocumentPath, formatPath } from './document-path.js';
import { checked } from './issues.js';
import { retryDeclaration } from './retry-declaration.js';
import { secondsOf } from './schema/duration.js';
import { type CallOptions, call, verify, wait } from './schema/flow-steps.js';
import type { Ended } from './step-scope.js';

const DEFAULT_TIMEOUT_SECONDS = 900;

/** A step that has the field `wait`; undefined when the report has been told of mistakes. */
export function checkWait(value: Options, path: DocumentPath, { report }: Reading): WaitStep | undefined {
  const options = checked(wait, value, path, report);
  const given = [value['for'], value['until']].filter((each) => each !== undefined).length;
  if (given !== 1) {
    const message = given === 0 ? 'how long it waits is missing' : '`for` and `until` exclude each other';
    const hint = 'give one of for: "5m" and until: "2026-12-01T06:00:00Z"';
    report.add(given === 0 ? path : [...path, 'until'], {
      code: given === 0 ? 'missing_field' : 'conflict',
      message,
      hint,
    });
  }
  if (!options || given !== 1) return undefined;
  const { until, for: duration } = options;
  return {
    kind: 'wait',
    name: options.wait,
    path: formatPath(path),
    retry: retryDeclaration(options),
    ...(duration !== undefined && { seconds: secondsOf(duration) }),
    ...(until !== undefined && { until: new Date(until).toISOString() }),
  };
}

/** A step that has the field `verify`; undefined when the report has been told of mistakes. */
export function checkVerify(
  value: Options,
  path: DocumentPath,
  ended: Ended,
  reading: Reading,
): VerifyStep | undefined {
  const { report, names, pending } = reading;
  const options = checked(verify, value, path, report);
  if (!options) return undefined;
  const { of, sample } = options;
  const copies = typeof of === 'string' ? [of] : of;
  pending.push(() => {
    for (const [index, name] of copies.entries()) {
      const place = typeof of === 'string' ? [...path, 'of'] : [...path, 'of', index];
      const kind = ended.get(name)?.kind;
      if (kind === 'copy') continue;
      const hint = 'name copies that come before';
      const wrong = kind
        ? { message: `"${name}" is a ${kind}, not a copy`, hint }
        : names.unknown(name, ended);
      report.add(place, { code: 'wrong_value', ...wrong });
    }
  });
  return {
    kind: 'verify',
    name: options.verify,
    path: formatPath(path),
    retry: retryDeclaration(options),
    of: copies,
    ...(sample !== undefined && { sample }),
  };
}

/** A step that has the field `call`; undefined when the report has been told of mistakes. */
export function checkCall(
  value: Options,
  path: DocumentPath,
  ended: Ended,
  reading: Reading,
): CallStep | undefined {
  const options = checked(call, value, path, reading.report);
  checkInput(value['input'], [...path, 'input'], ended, reading);
  sayCallConflicts(value, path, reading);
  return options && callStep(options, path);
}

function callStep(options: CallOptions, path: DocumentPath): CallStep {
  const { run, region, role, endpoint, input, timeout } = options;
  return {
    kind: 'call',
    name: options.call,
    path: formatPath(path),
    retry: retryDeclaration(options),
    ...(run !== undefined && { run }),
    ...(options.function !== undefined && { function: options.function }),
    ...(region !== undefined && { region }),
    ...(role !== undefined && { role }),
    ...(endpoint !== undefined && { endpoint }),
    input: input === undefined ? {} : input,
    timeoutSeconds: timeout === undefined ? DEFAULT_TIMEOUT_SECONDS : secondsOf(timeout),
  };
}

function sayCallConflicts(value: Options, path: DocumentPath, { report }: Reading): void {
  const arn = value['function'];
  if (value['run'] === undefined && arn === undefined) {
    const message = 'what is called is missing: `run` or `function`';
    const hint = 'run: ["./notify.sh"] is a command, function: arn:aws:lambda:… a Lambda function';
    report.add(path, { code: 'missing_field', message, hint });
  }
  for (const field of ['region', 'role', 'endpoint']) {
    if (value[field] === undefined || arn !== undefined) continue;
    const message = `\`${field}\` goes with \`function\` only`;
    report.add([...path, field], { code: 'conflict', message, hint: `leave \`${field}\` out` });
  }
  const { region } = value;
  const ofArn = typeof arn === 'string' ? arn.split(':')[3] : undefined;
  if (typeof region === 'string' && ofArn !== undefined && region !== ofArn) {
    const hint = `leave \`region\` out, or write ${ofArn}`;
    report.add([...path, 'region'], {
      code: 'conflict',
      message: 'the function lies in another region',
      hint,
    });
  }
}

type Options = Readonly<Record<string, unknown>>;
