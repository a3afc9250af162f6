import type { ReplicateStep } from '../../declare/declaration.js';
import { stepFunctions } from '../../flow/asl/step-functions.js';
import { replicateSteps } from '../../flow/scope.js';
import type { Resources } from '../template/template.js';
import { changesAlarms } from './alarms.js';
import { streamWidgets } from './dashboard.js';
import { deliveryBucketResources } from './delivery-bucket.js';
import { deliveryOf, type MadeDelivery } from './delivery-part.js';
import { deliveryBucket } from './delivery-places.js';
import { codeOf, functionName, functionResources } from './function.js';
import type { GuestRole } from './guest.js';
import { heldGrants } from './held-grants.js';
import type { Part } from './part.js';
import type { PipelineFacts } from './pipeline-stacks.js';
import { roleArn, stateUrl } from './site.js';
import { failedBucket, failedBucketResources, mappingGrants, streamMapping } from './stream-mapping.js';
import { sweepGroup } from './sweep-schedule.js';
import { variablesOf } from './variables.js';

/** A batch is loaded in seconds; whoever waits for a server that is away is not waited for longer. */
const TIMEOUT_SECONDS = 300;

/**
 * A pipeline that only follows changes (F4): a function for each replicate, which its stream is mapped to, or those of a
 * delivery stream. It has no run.
 */
export function changesPart(facts: PipelineFacts): Part {
  const { declaration, site } = facts;
  const placeholders = stepFunctions(declaration.steps);
  const steps = replicateSteps(declaration.steps);
  const made = steps.map((step) => {
    const logical = placeholders.get(step.name) ?? '';
    return step.via ? deliveryOf(facts, step, logical) : follower(facts, step, logical);
  });
  const deliveries = made.filter((each): each is MadeDelivery => 'told' in each);
  const mapped = made.flatMap(({ names: [first] }) => (first === undefined ? [] : [first]));
  return {
    resources: Object.assign(
      {},
      ...made.map(({ resources }) => resources),
      failedBucketResources(site),
      deliveries.length === 0
        ? {}
        : {
            ...deliveryBucketResources(
              site,
              deliveries.map(({ told }) => told),
            ),
            ...sweepGroup(site),
          },
      changesAlarms(site, mapped),
    ),
    outputs: {
      StateUrl: { Description: 'What --state takes', Value: stateUrl(site) },
      FailedBucket: { Description: 'Changes that were given up', Value: failedBucket(site) },
      ...(deliveries.length === 0
        ? {}
        : { DeliveryBucket: { Description: 'Changes on their way', Value: deliveryBucket(site) } }),
    },
    guests: made.flatMap(({ guests }) => guests),
    watched: {
      widgets: streamWidgets(mapped.map((name) => functionName(site, name))),
      functions: made.flatMap(({ names }) => names).map((name) => functionName(site, name)),
      counted: steps.map(({ name, via }) => ({ kind: via ? 'delivered' : 'replicate', name })),
    },
  };
}

interface MadeFollower {
  /** The end of its name. */
  readonly names: readonly [string];
  readonly resources: Resources;
  readonly guests: readonly GuestRole[];
}

/** The end of the name of the function that a stream is mapped to, where there is no delivery stream. */
export function followerName(step: string): string {
  return `step-${step}`;
}

function follower(facts: PipelineFacts, step: ReplicateStep, logical: string): MadeFollower {
  const { site, code, needs, declaration, env, streams } = facts;
  const name = followerName(step.name);
  const stream = streams.get(step.name);
  if (stream === undefined) throw new Error(`no stream for ${step.name}`);
  const { own, guests } = heldGrants(site, roleArn(site, name), needs.steps.get(step.name) ?? []);
  const { variables, talksToDatabase } = variablesOf(declaration, step, env);
  const resources = {
    ...functionResources(site, {
      logical,
      name,
      description: `${declaration.pipeline}: follows ${step.name}`,
      code: codeOf(code, logical),
      grants: [...own, ...mappingGrants(site, stream)],
      variables: { ...variables, SLUICE_STEP: step.name },
      inVpc: talksToDatabase,
      timeoutSeconds: TIMEOUT_SECONDS,
      caller: 'the mapping of a stream',
    }),
    ...streamMapping(site, logical, { stream, step }),
  };
  return { names: [name], resources, guests };
}
