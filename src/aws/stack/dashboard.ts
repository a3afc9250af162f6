import { METRICS_NAMESPACE, type MetricName, PIPELINE_DIMENSION } from '../metrics.js';
import type { Fields, Resources } from '../template/template.js';
import { machineArn } from './machine.js';
import { nameOf, type Site } from './site.js';

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html */
export function dashboardResources(site: Site, functions: readonly string[]): Resources {
  const runs = ['ExecutionsStarted', 'ExecutionsSucceeded', 'ExecutionsFailed', 'ExecutionsTimedOut'];
  const rows: readonly MetricName[] = ['Read', 'Written', 'Rejected'];
  const widgets = [
    widget(
      site,
      0,
      'runs',
      runs.map((name) => ['AWS/States', name, 'StateMachineArn', machineArn(site)]),
    ),
    widget(
      site,
      1,
      'rows',
      rows.map((name) => [METRICS_NAMESPACE, name, PIPELINE_DIMENSION, site.pipeline]),
    ),
    widget(
      site,
      2,
      'errors of functions',
      functions.map((name) => ['AWS/Lambda', 'Errors', 'FunctionName', name]),
    ),
    widget(
      site,
      3,
      'time of calls',
      functions.map((name) => ['AWS/Lambda', 'Duration', 'FunctionName', name]),
      'Maximum',
    ),
  ];
  return {
    Dashboard: {
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: { DashboardName: nameOf(site), DashboardBody: JSON.stringify({ widgets }) },
    },
  };
}

const WIDTH = 12;
const HEIGHT = 6;

function widget(
  { region }: Site,
  index: number,
  title: string,
  metrics: readonly (readonly string[])[],
  stat = 'Sum',
): Fields {
  const place = { x: (index % 2) * WIDTH, y: Math.floor(index / 2) * HEIGHT, width: WIDTH, height: HEIGHT };
  return {
    type: 'metric',
    ...place,
    properties: { title, region, stat, period: 300, view: 'timeSeries', metrics },
  };
}
