import {
  type Counted,
  METRICS_NAMESPACE,
  type MetricName,
  metricUnits,
  PIPELINE_DIMENSION,
  runMetrics,
  STEP_DIMENSION,
  scheduleMetrics,
  stepMetrics,
  summedMetrics,
} from '../metrics.js';
import type { Fields, Resources } from '../template/template.js';
import { machineArn } from './machine.js';
import { nameOf, type Site } from './site.js';

/** What a part of a pipeline has to show. */
export interface Watched {
  /** Of this part alone; they come first. */
  readonly widgets: readonly Widget[];
  /** Names of functions. */
  readonly functions: readonly string[];
  readonly counted: readonly Counted[];
}

/** A metric as a widget names it: namespace, name, then dimensions with their values. */
type Shown = readonly string[];

interface Widget {
  readonly title: string;
  readonly metrics: readonly Shown[];
  readonly stat: 'Sum' | 'Maximum';
}

/**
 * Everything that functions count, and what AWS says of them.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
 */
export function dashboardResources(site: Site, parts: readonly Watched[]): Resources {
  const functions = parts.flatMap((part) => part.functions);
  const widgets: readonly Widget[] = [
    ...parts.flatMap((part) => part.widgets),
    ...countedWidgets(
      site,
      parts.flatMap(({ counted }) => counted),
    ),
    { title: 'errors of functions', metrics: ofFunctions('Errors', functions), stat: 'Sum' },
    { title: 'time of calls', metrics: ofFunctions('Duration', functions), stat: 'Maximum' },
  ];
  const body = { widgets: widgets.map((widget, index) => placed(site, index, widget)) };
  return {
    Dashboard: {
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: { DashboardName: nameOf(site), DashboardBody: JSON.stringify(body) },
    },
  };
}

/** `scheduled`: without a schedule there is nothing that could be missed. */
export function runWidgets(site: Site, { scheduled }: { readonly scheduled: boolean }): readonly Widget[] {
  const runs = ['ExecutionsStarted', 'ExecutionsSucceeded', 'ExecutionsFailed', 'ExecutionsTimedOut'];
  const executions = runs.map((name) => ['AWS/States', name, 'StateMachineArn', machineArn(site)]);
  const counted = scheduled ? [...runMetrics, ...scheduleMetrics] : runMetrics;
  const [ages, counts] = [counted.filter(isTime), counted.filter((name) => !isTime(name))];
  return [
    { title: 'runs', metrics: [...executions, ...ofPipeline(site, counts)], stat: 'Sum' },
    { title: 'age of what the sinks hold, in seconds', metrics: ofPipeline(site, ages), stat: 'Maximum' },
  ];
}

/** `functions`: which streams are mapped to. */
export function streamWidgets(functions: readonly string[]): readonly Widget[] {
  const metrics = ofFunctions('IteratorAge', functions);
  return [{ title: 'behind the stream, in milliseconds', metrics, stat: 'Maximum' }];
}

/** `queues`: by their names, of this account, those where messages are set aside too. */
export function queueWidgets(queues: readonly string[]): readonly Widget[] {
  const ofQueues = (name: string) => queues.map((queue) => ['AWS/SQS', name, 'QueueName', queue]);
  return [
    {
      title: 'messages that wait',
      metrics: ofQueues('ApproximateNumberOfMessagesVisible'),
      stat: 'Maximum',
    },
    {
      title: 'messages at work',
      metrics: ofQueues('ApproximateNumberOfMessagesNotVisible'),
      stat: 'Maximum',
    },
    {
      title: 'age of the oldest message, in seconds',
      metrics: ofQueues('ApproximateAgeOfOldestMessage'),
      stat: 'Maximum',
    },
  ];
}

/** Of the pipeline as a whole, then one for each thing that is counted: its steps side by side. */
function countedWidgets(site: Site, counted: readonly Counted[]): readonly Widget[] {
  const metricsOf = ({ kind }: Counted): readonly MetricName[] => stepMetrics[kind];
  const names = (Object.keys(metricUnits) as MetricName[]).filter((name) =>
    counted.some((each) => metricsOf(each).includes(name)),
  );
  const rows = names.filter((name) => summedMetrics.has(name));
  return [
    { title: 'rows', metrics: ofPipeline(site, rows), stat: 'Sum' },
    ...names.map((name): Widget => {
      // A copy's halves count the same of one step.
      const steps = new Set(counted.flatMap((each) => (metricsOf(each).includes(name) ? [each.name] : [])));
      return {
        title: `${name} by step`,
        metrics: [...steps].map((step) => [...ofPipeline(site, [name]).flat(), STEP_DIMENSION, step]),
        stat: isTime(name) ? 'Maximum' : 'Sum',
      };
    }),
  ];
}

function ofFunctions(name: string, functions: readonly string[]): readonly Shown[] {
  return functions.map((each) => ['AWS/Lambda', name, 'FunctionName', each]);
}

function ofPipeline({ pipeline }: Site, names: readonly MetricName[]): readonly Shown[] {
  return names.map((name) => [METRICS_NAMESPACE, name, PIPELINE_DIMENSION, pipeline]);
}

/** A sum of times says nothing. */
function isTime(name: MetricName): boolean {
  return metricUnits[name] !== 'Count';
}

const WIDTH = 12;
const HEIGHT = 6;

function placed({ region }: Site, index: number, { title, metrics, stat }: Widget): Fields {
  const place = { x: (index % 2) * WIDTH, y: Math.floor(index / 2) * HEIGHT, width: WIDTH, height: HEIGHT };
  return {
    type: 'metric',
    ...place,
    properties: { title, region, stat, period: 300, view: 'timeSeries', metrics },
  };
}
