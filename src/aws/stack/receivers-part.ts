import type { CopyStep } from '../../declare/declaration.js';
import { receiverFunctions } from '../../flow/asl/step-functions.js';
import type { PlannedQueue } from '../../flow/queues.js';
import { copySteps } from '../../flow/scope.js';
import { type ReceiverSettings, receiverSettings } from '../receiver-settings.js';
import { arnOf, given, type Outputs, type Resources, ref } from '../template/template.js';
import { metadataOf } from '../template/waivers.js';
import { queueWidgets } from './dashboard.js';
import { codeOf, functionName, functionResources } from './function.js';
import type { GuestRole } from './guest.js';
import { heldGrants } from './held-grants.js';
import { messageQueueResources, queueName, senderOf } from './message-queue.js';
import type { Part } from './part.js';
import type { PipelineFacts } from './pipeline-stacks.js';
import { receiverAlarms } from './receiver-alarms.js';
import { roleArn, type Site, stateUrl, tagsOf } from './site.js';
import { variablesOf } from './variables.js';

/** What receives (F2): for each copy through a queue the queue, where it is to be made, and a function that it is mapped to. */
export function receiversPart(facts: PipelineFacts): Part {
  const { declaration, site } = facts;
  const names = receiverFunctions(declaration.steps);
  const made = copySteps(declaration.steps).flatMap((step) =>
    step.via ? [receiver(facts, step, names.get(step.name) ?? '')] : [],
  );
  return {
    resources: Object.assign({}, ...made.map(({ resources }) => resources)),
    outputs: Object.assign(
      {},
      made.length === 0 ? {} : { StateUrl: { Description: 'What --state takes', Value: stateUrl(site) } },
      ...made.map(({ outputs }) => outputs),
    ),
    guests: made.flatMap(({ guests }) => guests),
    watched: {
      widgets: queueWidgets(made.flatMap(({ queues }) => queues)),
      functions: made.map(({ step }) => functionName(facts.site, functionEnd(step))),
      counted: made.map(({ step: { name } }) => ({ kind: 'received', name })),
    },
  };
}

interface MadeReceiver {
  readonly step: CopyStep;
  /** Names of those that have metrics here. */
  readonly queues: readonly string[];
  readonly resources: Resources;
  readonly outputs: Outputs;
  readonly guests: readonly GuestRole[];
}

function receiver(facts: PipelineFacts, step: CopyStep, logical: string): MadeReceiver {
  const { site, declaration, queues } = facts;
  const queue = queues.get(step.name);
  const connection = declaration.connections[step.via?.connection ?? ''];
  if (!queue || !connection) throw new Error(`no queue for ${step.name}`);
  const settings = settingsOf(step, queue);
  const isMade = connection['create'] === true;
  const { resources, guests } = receiverFunction(facts, step, logical, settings);
  const { visibilitySeconds } = settings;
  const alarmed = alarmedQueues(site, queue, isMade ? queueName(connection) : undefined);
  const sender = senderOf(site, connection, `step-${step.name}`);
  return {
    resources: {
      ...resources,
      ...(isMade ? messageQueueResources(site, { logical, connection, sender, visibilitySeconds }) : {}),
      [`${logical}Mapping`]: queueMapping(site, logical, settings, {
        arn: isMade ? arnOf(`${logical}Queue`) : queue.description.arn,
      }),
      ...receiverAlarms(site, {
        logical,
        name: functionEnd(step),
        ...alarmed,
      }),
    },
    outputs: isMade
      ? {
          [`${logical}QueueUrl`]: { Description: `The queue of ${step.name}`, Value: ref(`${logical}Queue`) },
        }
      : {},
    guests,
    step,
    queues: [alarmed.queue, ...(alarmed.redrive === undefined ? [] : [alarmed.redrive])],
  };
}

function settingsOf(step: CopyStep, { pace, description }: PlannedQueue): ReceiverSettings {
  const settings = receiverSettings(step, pace, description.arn.endsWith('.fifo'));
  if (!settings) throw new Error('a pace that is too slow is refused');
  return settings;
}

function functionEnd({ name }: CopyStep): string {
  return `receive-${name}`;
}

function receiverFunction(
  facts: PipelineFacts,
  step: CopyStep,
  logical: string,
  { timeoutSeconds, workers }: ReceiverSettings,
): Pick<MadeReceiver, 'resources' | 'guests'> {
  const { site, code, needs, declaration, env } = facts;
  const name = functionEnd(step);
  const { own, guests } = heldGrants(site, roleArn(site, name), needs.receivers.get(step.name) ?? []);
  const { variables, talksToDatabase } = variablesOf(declaration, step, env, 'receive');
  const resources = functionResources(site, {
    logical,
    name,
    description: `${declaration.pipeline}: receives ${step.name}`,
    code: codeOf(code, logical),
    grants: own,
    variables: { ...variables, SLUICE_STEP: step.name, SLUICE_WORKERS: String(workers) },
    inVpc: talksToDatabase,
    timeoutSeconds,
    caller: 'the mapping of a queue',
  });
  return { resources, guests };
}

/** What fails comes again by itself, and after so many receives it is set aside: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html */
function queueMapping(
  site: Site,
  logical: string,
  { batchSize, windowSeconds, workers }: ReceiverSettings,
  queue: { readonly arn: unknown },
): Resources[string] {
  return {
    Type: 'AWS::Lambda::EventSourceMapping',
    ...metadataOf({
      nag: {
        'Serverless-LambdaEventSourceMappingDestination':
          'a mapping of a queue has none: what fails is set aside by the redrive policy of the queue',
      },
    }),
    // Lambda looks whether the role may receive.
    DependsOn: [`${logical}Role`],
    Properties: given({
      EventSourceArn: queue.arn,
      FunctionName: ref(`${logical}Function`),
      BatchSize: batchSize,
      MaximumBatchingWindowInSeconds: windowSeconds === 0 ? undefined : windowSeconds,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: workers },
      Tags: tagsOf(site),
    }),
  };
}

/** Queues of other accounts have no metrics here. */
function alarmedQueues({ account }: Site, { description }: PlannedQueue, made: string | undefined) {
  const { redrive, retentionSeconds } = description;
  const nameIn = (queueArn: string) => queueArn.split(':').at(-1) ?? '';
  const isHere = (queueArn: string) => ['*', account].includes(queueArn.split(':')[4] ?? '');
  return {
    queue: made ?? nameIn(description.arn),
    retentionSeconds,
    ...(redrive && isHere(redrive.arn) ? { redrive: nameIn(redrive.arn) } : {}),
  };
}
