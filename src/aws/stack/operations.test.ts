/** What somebody who answers for a deployed pipeline has, in each of the stacks that the repository keeps. */
import { describe, expect, it } from 'vitest';
import { type KeptStack, keptStacks, ofType } from '../../../test/fixtures/kept-templates.js';
import { declaredMetrics, watchedMetrics } from '../../../test/fixtures/metrics.js';
import { type Counted, stepMetrics } from '../metrics.js';
import type { TemplateResource } from '../template/template.js';

type Steps = readonly (readonly [kind: Counted['kind'], name: string])[];

/** Of the pipelines that have functions which count: their steps. */
const pipelines: Readonly<Record<string, Steps>> = {
  'orders-nightly': [
    ['copy', 'orders-out'],
    ['copy', 'customers-out'],
    ['copy', 'orders-in'],
    ['copy', 'customers-in'],
  ],
  'nightly-export': [['export', 'mysnapshot']],
  'users-sample': [
    ['sent', 'users'],
    ['received', 'users'],
  ],
  'users-send': [['sent', 'users']],
  'users-receive': [['received', 'users']],
  'web-analytics': [['replicate', 'hits']],
  'web-delivery': [['delivered', 'hits']],
};

/** The stack of each pipeline, without those of its code and of other accounts. */
const kept: readonly KeptStack[] = keptStacks().filter(({ pipeline, name }) => name === `sluice-${pipeline}`);

it('there are stacks of all these pipelines, with steps of every kind that counts', () => {
  expect(kept.map(({ pipeline }) => pipeline)).toEqual(expect.arrayContaining(Object.keys(pipelines)));
  const kinds = new Set(Object.values(pipelines).flatMap((steps) => steps.map(([kind]) => kind)));
  expect([...kinds].sort()).toEqual(Object.keys(stepMetrics).sort());
});

describe.each(kept.map((each) => [each.pipeline, each] as const))('%s', (pipeline, stack) => {
  it('keeps the logs of everything for a time, and traces it', () => {
    const groups = new Map(ofType(stack.template, 'AWS::Logs::LogGroup'));
    for (const properties of groups.values()) expect(properties['RetentionInDays']).toBeGreaterThan(0);
    const functions = ofType(stack.template, 'AWS::Lambda::Function');
    expect(functions.length).toBeGreaterThan(0);
    for (const [, { LoggingConfig, TracingConfig }] of functions) {
      const { LogFormat, LogGroup } = LoggingConfig as { LogFormat: string; LogGroup: { Ref: string } };
      expect([LogFormat, groups.has(LogGroup.Ref), TracingConfig]).toEqual([
        'JSON',
        true,
        { Mode: 'Active' },
      ]);
    }
    for (const [, machine] of ofType(stack.template, 'AWS::StepFunctions::StateMachine')) {
      expect(machine['TracingConfiguration']).toEqual({ Enabled: true });
      const logged = JSON.stringify(machine['LoggingConfiguration']);
      expect([...groups.keys()].some((group) => logged.includes(`"${group}"`))).toBe(true);
    }
    const traced = ofType(stack.template, 'AWS::IAM::Role').filter(([, role]) =>
      JSON.stringify(role).includes('xray:'),
    );
    expect(traced.length).toBeGreaterThanOrEqual(functions.length);
  });

  it('tells a topic of what went wrong', () => {
    const alarms = ofType(stack.template, 'AWS::CloudWatch::Alarm');
    for (const [, { AlarmActions }] of alarms) expect(AlarmActions).toHaveLength(1);
    const watched = new Set(alarms.flatMap(([, alarm]) => namesIn(alarm)));
    const wanted = new Set<string>();
    if (pipelines[pipeline]) wanted.add('Rejected');
    const runs = ofType(stack.template, 'AWS::StepFunctions::StateMachine').length > 0;
    if (runs) {
      for (const name of ['ExecutionsFailed', 'ExecutionsTimedOut', 'ExecutionsAborted']) wanted.add(name);
    }
    if (runs && ofType(stack.template, 'AWS::Scheduler::Schedule').length > 0) {
      for (const name of ['ExecutionsStarted', 'ExecutionsSucceeded', 'Missed']) wanted.add(name);
    }
    for (const [, mapping] of ofType(stack.template, 'AWS::Lambda::EventSourceMapping')) {
      if (mapping['StartingPosition'] === undefined) {
        wanted.add('Errors');
        continue;
      }
      for (const name of ['Errors', 'IteratorAge', 'DroppedEventCount']) wanted.add(name);
      wanted.add('OnFailureDestinationDeliveredEventCount');
      expect(mapping['MetricsConfig']).toEqual({ Metrics: ['EventCount'] });
    }
    expect([...watched]).toEqual(expect.arrayContaining([...wanted]));
  });

  it('tells when something lies on a queue for what could not be done', () => {
    const queues = ofType(stack.template, 'AWS::SQS::Queue');
    const text = JSON.stringify(stack.template.Resources);
    const aside = queues.filter(([name]) => {
      const target = `{"Fn::GetAtt":["${name}","Arn"]}`;
      return (
        text.includes(`"deadLetterTargetArn":${target}`) ||
        text.includes(`"DeadLetterConfig":{"Arn":${target}}`)
      );
    });
    const alarms = ofType(stack.template, 'AWS::CloudWatch::Alarm').map(([, alarm]) => JSON.stringify(alarm));
    for (const [name, { QueueName }] of aside) {
      const told = alarms.some(
        (alarm) => alarm.includes('ApproximateNumberOfMessagesVisible') && alarm.includes(`"${QueueName}"`),
      );
      expect([name, told]).toEqual([name, true]);
    }
  });

  it('tells when messages of a queue that it receives from wait for too long', () => {
    const mappings = ofType(stack.template, 'AWS::Lambda::EventSourceMapping');
    const queues = new Map(ofType(stack.template, 'AWS::SQS::Queue'));
    const ages = ofType(stack.template, 'AWS::CloudWatch::Alarm').flatMap(([, alarm]) =>
      alarm['MetricName'] === 'ApproximateAgeOfOldestMessage' ? [alarm] : [],
    );
    for (const [, { EventSourceArn: source }] of mappings) {
      const [made = ''] = (source as { 'Fn::GetAtt'?: readonly string[] })['Fn::GetAtt'] ?? [];
      const { QueueName, MessageRetentionPeriod } = queues.get(made) ?? {};
      if (QueueName === undefined) continue;
      const [age, ...others] = ages.filter((alarm) => aboutOf(alarm).includes(`QueueName=${QueueName}`));
      expect(others).toEqual([]);
      expect(age?.['Threshold']).toBeLessThan(Number(MessageRetentionPeriod));
    }
  });

  it('looks at nothing that it does not have', () => {
    const names = [
      ...ofType(stack.template, 'AWS::Lambda::Function').map(([, { FunctionName }]) => [
        'FunctionName',
        FunctionName,
      ]),
      ...ofType(stack.template, 'AWS::SQS::Queue').map(([, { QueueName }]) => ['QueueName', QueueName]),
    ].map(([kind, name]) => `${kind}=${name}`);
    const machine = ofType(stack.template, 'AWS::StepFunctions::StateMachine').length;
    const looked = lookedAt(stack);
    expect(looked.length).toBeGreaterThan(0);
    for (const each of looked) {
      if (each.startsWith('StateMachineArn=')) expect([each, machine]).toEqual([each, 1]);
      else if (/^(?:Function|Queue)Name=/.test(each)) expect(names).toContain(each);
    }
    // And at all of them.
    expect(looked).toEqual(expect.arrayContaining(names));
  });

  it('shows everything that its functions count, and looks at nothing else', () => {
    const { alarms, dashboard } = watchedMetrics(stack.template);
    const steps = pipelines[pipeline];
    if (!steps) return;
    const runs = ofType(stack.template, 'AWS::StepFunctions::StateMachine').length > 0;
    const scheduled = runs && ofType(stack.template, 'AWS::Scheduler::Schedule').length > 0;
    expect(dashboard).toEqual(declaredMetrics(pipeline, steps, { runs, scheduled }));
    expect(dashboard).toEqual(expect.arrayContaining([...alarms]));
    expect(alarms.length).toBeGreaterThan(0);
  });
});

interface AlarmMetric {
  readonly MetricName?: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
}

/** Of an alarm over one metric, or over a sum of several. */
function metricsIn(alarm: TemplateResource['Properties']): readonly AlarmMetric[] {
  const { Metrics = [], ...one } = alarm as AlarmMetric & {
    readonly Metrics?: readonly { readonly MetricStat?: { readonly Metric: AlarmMetric } }[];
  };
  return [one, ...Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric ?? [])];
}

function namesIn(alarm: TemplateResource['Properties']): readonly string[] {
  return metricsIn(alarm).flatMap(({ MetricName }) => MetricName ?? []);
}

/** `FunctionName=…`: what alarms are about. */
function aboutOf(alarm: TemplateResource['Properties']): readonly string[] {
  return metricsIn(alarm).flatMap(({ Dimensions = [] }) =>
    Dimensions.map(({ Name, Value }) => `${Name}=${typeof Value === 'string' ? Value : ''}`),
  );
}

/** The same of all alarms and of the dashboard. */
function lookedAt(stack: KeptStack): readonly string[] {
  const shown = ofType(stack.template, 'AWS::CloudWatch::Dashboard').flatMap(([, { DashboardBody }]) => {
    const { widgets } = JSON.parse(String(DashboardBody)) as {
      readonly widgets: readonly { properties: { metrics: readonly (readonly string[])[] } }[];
    };
    return widgets.flatMap(({ properties }) => properties.metrics);
  });
  return [
    ...ofType(stack.template, 'AWS::CloudWatch::Alarm').flatMap(([, alarm]) => aboutOf(alarm)),
    ...shown.map(([, , dimension, value]) => `${dimension}=${value}`),
  ];
}
