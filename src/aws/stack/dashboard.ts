import type { NamedStep } from '../../declare/declaration.js';
import {
  METRICS_NAMESPACE,
  type MetricName,
  metricUnits,
  PIPELINE_DIMENSION,
  runMetrics,
  STEP_DIMENSION,
  stepMetrics,
  summedMetrics,
} from '../metrics.js';
import type { Fields, Resources } from '../template/template.js';
import { machineArn } from './machine.js';
import { nameOf, type Site } from './site.js';

/** What is looked at. */
export interface DashboardRequest {
  /** Names of functions. */
  readonly functions: readonly string[];
  readonly steps: readonly NamedStep[];
  /** There is a state machine, or else there are streams. */
  readonly hasRuns: boolean;
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
export function dashboardResources(site: Site, request: DashboardRequest): Resources {
  const { functions, hasRuns } = request;
  const perFunction = (name: string) => functions.map((each) => ['AWS/Lambda', name, 'FunctionName', each]);
  const own = hasRuns ? runWidgets(site) : [behindWidget(perFunction('IteratorAge'))];
  const widgets: readonly Widget[] = [
    ...own,
    rowsWidget(site),
    ...stepWidgets(site, request.steps),
    { title: 'errors of functions', metrics: perFunction('Errors'), stat: 'Sum' },
    { title: 'time of calls', metrics: perFunction('Duration'), stat: 'Maximum' },
  ];
  const body = { widgets: widgets.map((widget, index) => placed(site, index, widget)) };
  return {
    Dashboard: {
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: { DashboardName: nameOf(site), DashboardBody: JSON.stringify(body) },
    },
  };
}

function runWidgets(site: Site): readonly Widget[] {
  const runs = ['ExecutionsStarted', 'ExecutionsSucceeded', 'ExecutionsFailed', 'ExecutionsTimedOut'];
  const executions = runs.map((name) => ['AWS/States', name, 'StateMachineArn', machineArn(site)]);
  const [ages, counts] = [runMetrics.filter(isTime), runMetrics.filter((name) => !isTime(name))];
  return [
    { title: 'runs', metrics: [...executions, ...ofPipeline(site, counts)], stat: 'Sum' },
    { title: 'age of what the sinks hold, in seconds', metrics: ofPipeline(site, ages), stat: 'Maximum' },
  ];
}

function behindWidget(metrics: readonly Shown[]): Widget {
  return { title: 'behind the stream, in milliseconds', metrics, stat: 'Maximum' };
}

function rowsWidget(site: Site): Widget {
  return { title: 'rows', metrics: ofPipeline(site, [...summedMetrics]), stat: 'Sum' };
}

/** One for each thing that is counted: its steps side by side. */
function stepWidgets(site: Site, steps: readonly NamedStep[]): readonly Widget[] {
  const byKind: Readonly<Partial<Record<string, readonly MetricName[]>>> = stepMetrics;
  const countedOf = (step: NamedStep): readonly MetricName[] =>
    byKind[step.kind === 'replicate' && step.via ? 'delivered' : step.kind] ?? [];
  const names = (Object.keys(metricUnits) as MetricName[]).filter((name) =>
    steps.some((step) => countedOf(step).includes(name)),
  );
  return names.map((name) => ({
    title: `${name} by step`,
    metrics: steps
      .filter((step) => countedOf(step).includes(name))
      .map((step) => [...ofPipeline(site, [name]).flat(), STEP_DIMENSION, step.name]),
    stat: isTime(name) ? 'Maximum' : 'Sum',
  }));
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
