import { type Fields, type Resources, ref } from '../template/template.js';
import { nameOf, type Site, tagsOf } from './site.js';
import { topicTarget } from './topic.js';

const FIVE_MINUTES = 300;

/** An alarm that tells the topic. `about`: the metric, and when it is bad. */
export function alarm(site: Site, name: string, description: string, about: Fields): Resources[string] {
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: nameOf(site, name),
      AlarmDescription: `${site.pipeline}: ${description}`,
      ...about,
      AlarmActions: [topicTarget(site)],
      Tags: tagsOf(site),
    },
  };
}

export function metric(Namespace: string, MetricName: string, dimension: Fields): Fields {
  return { Namespace, MetricName, Dimensions: [dimension] };
}

/** Of the pipeline's state machine. https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html */
export function executionsMetric(MetricName: string): Fields {
  return metric('AWS/States', MetricName, { Name: 'StateMachineArn', Value: ref('Machine') });
}

/** Told as soon as it is above; where there is no data all is well. */
export function above(Threshold: number, Statistic: 'Sum' | 'Maximum'): Fields {
  return {
    Statistic,
    Period: FIVE_MINUTES,
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold,
    EvaluationPeriods: 1,
    TreatMissingData: 'notBreaching',
  };
}
