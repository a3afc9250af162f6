import { referred } from '../mappings.js';
import { found, ofType, type Rule } from '../rule.js';
import type { Resource, Template } from '../template.js';
import { fieldsOf, listOf, namesIn, textOf } from '../value.js';

const runtimesPage = 'https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html';

/** Of each family the oldest that is still supported, as of November 2026; a family without one is over. */
const oldest: readonly (readonly [family: RegExp, version: number | undefined])[] = [
  [/^nodejs(\d+)?/, 22],
  [/^python(?:2|3)\.?(\d+)?/, 10],
  [/^ruby(\d+\.\d+)/, 3.3],
  [/^dotnet(?:core)?(\d+)/, 8],
  [/^java(\d+)/, 11],
  [/^go/, undefined],
];
/** Named by the operating system, not by a version of a language. */
const outdated = new Set(['provided', 'java8', 'python2.7']);
const supported = new Set(['java8.al2', 'provided.al2', 'provided.al2023']);

function isOutdated(runtime: string): boolean {
  if (outdated.has(runtime)) return true;
  if (supported.has(runtime) || runtime.startsWith('dotnetcore')) return runtime.startsWith('dotnetcore');
  for (const [family, least] of oldest) {
    const match = family.exec(runtime);
    if (match) return least === undefined || Number(match[1] ?? 0) < least;
  }
  return false;
}

function functions(template: Template): readonly Resource[] {
  return ofType(template, 'AWS::Lambda::Function');
}

export const runtimeOutdated: Rule = {
  id: 'runtime-outdated',
  level: 'error',
  why: 'A runtime that AWS no longer supports gets no security fixes, and soon no function with it can be updated.',
  page: runtimesPage,
  mend: 'Use one that is supported, as nodejs22.x, python3.12, java21, provided.al2023.',
  *check(template) {
    for (const resource of [...functions(template), ...ofType(template, 'AWS::Lambda::LayerVersion')]) {
      const runtime = textOf(resource.properties['Runtime']);
      if (runtime !== undefined && isOutdated(runtime))
        yield found(resource, ['Runtime'], `runs on ${runtime}`);
    }
  },
};

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LONGEST_TIMEOUT = 900;
/** https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html: an integration's time, as long as it was not raised */
const GATEWAY_TIMEOUT = 29;

export const functionTimeout: Rule = {
  id: 'function-timeout',
  level: 'warning',
  why: 'A function without a timeout of its own ends after 3 s; one that may take all of 15 minutes is cut off where its work grows.',
  page: 'https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html',
  mend: 'Set Timeout to what it needs, and leave the rest of longer work to another call (a state machine, a queue).',
  *check(template) {
    for (const fn of functions(template)) {
      const { Timeout } = fn.properties;
      if (Timeout === undefined) yield found(fn, ['Timeout'], 'has no timeout of its own: 3 s');
      else if ((template.number(Timeout, 0) ?? 0) >= LONGEST_TIMEOUT)
        yield found(fn, ['Timeout'], `may take the ${LONGEST_TIMEOUT} s that Lambda allows at most`);
    }
  },
};

export const gatewayTimeout: Rule = {
  id: 'gateway-timeout',
  level: 'error',
  why: 'API Gateway waits 29 s for a function: what takes longer is done and paid, and nobody gets the answer.',
  page: 'https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html',
  mend: 'Set Timeout below 29 s, or answer at once and do the work behind a queue.',
  *check(template) {
    for (const permission of ofType(template, 'AWS::Lambda::Permission')) {
      if (textOf(permission.properties['Principal']) !== 'apigateway.amazonaws.com') continue;
      const fn = referred(template, permission.properties['FunctionName']);
      const timeout = fn && template.number(fn.properties['Timeout'], 0);
      if (!fn || timeout === undefined || timeout <= GATEWAY_TIMEOUT) continue;
      yield found(fn, ['Timeout'], `may take ${timeout} s, and API Gateway waits ${GATEWAY_TIMEOUT} s`);
    }
  },
};

/** They call without waiting: nobody but Lambda sees what fails. */
const asynchronous = /^(s3|sns|events|scheduler|ses|iot|codecommit|config)\.amazonaws\.com$/;

export const functionFailures: Rule = {
  id: 'function-failures',
  level: 'warning',
  why: 'An event that fails three times is dropped where the function has no place for it.',
  page: 'https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html',
  mend: 'Give the function a DeadLetterConfig, or an AWS::Lambda::EventInvokeConfig with OnFailure.',
  *check(template) {
    const kept = new Set(
      ofType(template, 'AWS::Lambda::EventInvokeConfig')
        .filter(({ properties }) => 'OnFailure' in fieldsOf(properties['DestinationConfig']))
        .flatMap(({ properties }) => namesIn(textOf(properties['FunctionName']) ?? '')),
    );
    for (const permission of ofType(template, 'AWS::Lambda::Permission')) {
      if (!asynchronous.test(textOf(permission.properties['Principal']) ?? '')) continue;
      const fn = referred(template, permission.properties['FunctionName']);
      if (!fn || kept.has(fn.name) || fn.properties['DeadLetterConfig'] !== undefined) continue;
      kept.add(fn.name);
      yield found(fn, ['DeadLetterConfig'], 'drops events that fail');
    }
  },
};

export const logRetention: Rule = {
  id: 'log-retention',
  level: 'error',
  why: 'Logs without a retention are kept, and paid, for ever; a function makes such a group by itself.',
  page: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html#SettingLogRetention',
  mend: 'Declare the group: AWS::Logs::LogGroup with LogGroupName `/aws/lambda/NAME` (or LoggingConfig) and RetentionInDays.',
  *check(template) {
    const groups = ofType(template, 'AWS::Logs::LogGroup');
    for (const group of groups) {
      if (group.properties['RetentionInDays'] === undefined)
        yield found(group, ['RetentionInDays'], 'keeps logs for ever');
    }
    for (const fn of functions(template)) {
      if (!groups.some((group) => isLogOf(group, fn)))
        yield found(fn, ['LoggingConfig'], 'has no log group here');
    }
  },
};

function isLogOf(group: Resource, fn: Resource): boolean {
  const named = namesIn(textOf(fieldsOf(fn.properties['LoggingConfig'])['LogGroup']) ?? '');
  if (named.includes(group.name)) return true;
  const text = textOf(group.properties['LogGroupName']) ?? '';
  const own = textOf(fn.properties['FunctionName']);
  const name = text.replace(/^\/aws\/lambda\//, '');
  return name !== text && (name === own || namesIn(name).includes(fn.name));
}

export const scheduleFailures: Rule = {
  id: 'schedule-failures',
  level: 'warning',
  why: 'A firing that cannot be delivered is dropped without a word.',
  page: 'https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html',
  mend: 'Give the target a DeadLetterConfig, and look at that queue by an alarm.',
  *check(template) {
    for (const schedule of ofType(template, 'AWS::Scheduler::Schedule')) {
      const target = fieldsOf(schedule.properties['Target']);
      if (target['DeadLetterConfig'] === undefined)
        yield found(schedule, ['Target'], 'drops firings that are not taken');
    }
    for (const rule of ofType(template, 'AWS::Events::Rule')) {
      for (const [index, target] of listOf(rule.properties['Targets']).entries()) {
        if (fieldsOf(target)['DeadLetterConfig'] === undefined)
          yield found(rule, ['Targets', index], 'drops events that are not taken');
      }
    }
  },
};
