import { bufferingOf } from '../../connectors/delivery-stream-options.js';
import type { ReplicateStep } from '../../declare/declaration.js';
import { type DeliveryStage, deliveryStages, stageLogical, stageName } from '../delivery-stages.js';
import type { Grant } from '../policy/holder.js';
import { grant } from '../template/role.js';
import { arnOf, type Resources, ref } from '../template/template.js';
import { metadataOf } from '../template/waivers.js';
import { deliveryAlarms } from './delivery-alarms.js';
import type { Told } from './delivery-bucket.js';
import { type DeliveryPlaces, deliveryPlaces } from './delivery-places.js';
import { deliveryQueueResources } from './delivery-queue.js';
import { deliveryStreamResources } from './delivery-stream.js';
import { codeOf, functionArn, functionResources } from './function.js';
import type { GuestRole } from './guest.js';
import { heldGrants } from './held-grants.js';
import type { PipelineFacts } from './pipeline-stacks.js';
import { roleArn, type Site, tagsOf } from './site.js';
import { mappingGrants, streamMapping } from './stream-mapping.js';
import { sweepSchedule } from './sweep-schedule.js';
import { variablesOf } from './variables.js';

/** Firehose waits for a function no longer: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html */
const TIMEOUT_SECONDS = 300;
/** As much as a delivery stream takes in one call; who has a minute to gather changes need not hurry. */
const FORWARDED = { rows: 500, bytes: 0, seconds: 5 };
/** Objects of one call, each as large as what the delivery stream gathers. */
const OBJECTS = 10;
/** The least that Lambda takes; two at once load nothing twice. */
const LOADERS = 2;

/** What a replicate through a delivery stream is made of, but for what it shares with others. */
export interface MadeDelivery {
  readonly resources: Resources;
  /** The ends of the names of its functions; the first is mapped to the stream. */
  readonly names: readonly string[];
  readonly told: Told;
  readonly guests: readonly GuestRole[];
}

/** `logical`: what the names of the step begin with. */
export function deliveryOf(facts: PipelineFacts, step: ReplicateStep, logical: string): MadeDelivery {
  const { site, declaration } = facts;
  const places = deliveryPlaces(site, step.name);
  const queue = `${logical}Queue`;
  const stages = deliveryStages.map((stage) => stageOf(facts, { step, stage, logical, places }));
  const [forward = '', ...others] = stages.map(({ name }) => name);
  const buffering = bufferingOf((step.via && declaration.connections[step.via.connection]) ?? {});
  const load = {
    logical: stageLogical('load', logical),
    arn: functionArn(site, stageName('load', step.name)),
  };
  return {
    names: [forward, ...others],
    told: { queue, prefix: places.delivered },
    guests: stages.flatMap(({ guests }) => guests),
    resources: Object.assign(
      {},
      ...stages.map(({ resources }) => resources),
      forwardMapping(facts, step, logical),
      deliveryStreamResources(site, {
        logical: `${logical}Delivery`,
        step: step.name,
        places,
        transform: functionArn(site, stageName('transform', step.name)),
        buffering,
      }),
      deliveryQueueResources(site, queue, places, TIMEOUT_SECONDS),
      loadMapping(site, load.logical, queue),
      sweepSchedule(site, `${logical}Sweep`, { step: step.name, load }),
      deliveryAlarms(site, logical, { step: step.name, places, buffering, functions: others }),
    ),
  };
}

interface Stage {
  readonly step: ReplicateStep;
  readonly stage: DeliveryStage;
  readonly logical: string;
  readonly places: DeliveryPlaces;
}

const doing: Readonly<Record<DeliveryStage, string>> = {
  forward: 'hands over',
  transform: 'maps',
  load: 'loads',
};
const callers: Readonly<Record<DeliveryStage, string>> = {
  forward: 'the mapping of a stream',
  transform: 'Firehose',
  load: 'the mapping of a queue',
};

function stageOf(facts: PipelineFacts, { step, stage, logical, places }: Stage) {
  const { site, code, needs, declaration, env } = facts;
  const name = stageName(stage, step.name);
  const own = stageLogical(stage, logical);
  const held = heldGrants(site, roleArn(site, name), needs.stages.get(name) ?? []);
  const { variables, talksToDatabase } = variablesOf(declaration, step, env);
  const resources = functionResources(site, {
    logical: own,
    name,
    description: `${declaration.pipeline}: ${doing[stage]} changes of ${step.name}`,
    code: codeOf(code, own),
    grants: [...held.own, ...stageGrants(facts, step, stage, places)],
    variables: {
      ...(stage === 'load' ? variables : {}),
      SLUICE_STEP: step.name,
      ...(stage === 'load' ? { SLUICE_DELIVERIES: places.bucket } : {}),
    },
    inVpc: stage === 'load' && talksToDatabase,
    timeoutSeconds: TIMEOUT_SECONDS,
    caller: callers[stage],
  });
  return { name, resources, guests: held.guests };
}

function stageGrants(
  { site, streams }: PipelineFacts,
  step: ReplicateStep,
  stage: DeliveryStage,
  places: DeliveryPlaces,
): readonly Grant[] {
  switch (stage) {
    case 'forward':
      return [
        ...mappingGrants(site, streamOf(streams, step)),
        ...grant('firehose:PutRecordBatch', places.streamArn, 'hands changes over'),
      ];
    case 'transform':
      return [];
    case 'load':
      return [
        ...grant(
          ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
          places.queueArn,
          'Lambda reads for it what the bucket tells',
        ),
        ...grant('s3:ListBucket', places.bucketArn, 'finds what is left, and sees what is gone'),
        ...grant(
          ['s3:DeleteObject', 's3:GetObject'],
          `${places.bucketArn}/${places.delivered}*`,
          'reads objects, and removes them once they are loaded',
        ).map((each) => ({
          ...each,
          wildcard: 'Firehose names each object by time and a number of its own',
        })),
      ];
  }
}

function forwardMapping({ site, streams }: PipelineFacts, step: ReplicateStep, logical: string): Resources {
  const forwarded = { ...step, load: FORWARDED };
  return streamMapping(site, stageLogical('forward', logical), {
    stream: streamOf(streams, step),
    step: forwarded,
  });
}

function loadMapping(site: Site, logical: string, queue: string): Resources {
  return {
    [`${logical}Mapping`]: {
      Type: 'AWS::Lambda::EventSourceMapping',
      ...metadataOf({
        nag: {
          'Serverless-LambdaEventSourceMappingDestination':
            'the queue itself sets aside what was received too often; an alarm looks at it',
        },
      }),
      // Lambda looks whether the role may read.
      DependsOn: [`${logical}Role`],
      Properties: {
        EventSourceArn: arnOf(queue),
        FunctionName: ref(`${logical}Function`),
        BatchSize: OBJECTS,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: LOADERS },
        Tags: tagsOf(site),
      },
    },
  };
}

function streamOf(streams: PipelineFacts['streams'], { name }: ReplicateStep): string {
  const stream = streams.get(name);
  if (stream === undefined) throw new Error(`no stream for ${name}`);
  return stream;
}
