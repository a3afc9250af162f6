import type { Declaration } from '../../declare/declaration.js';
import type { PlannedQueue } from '../../flow/queues.js';
import type { Half } from '../../flow/scope.js';
import type { FunctionNeeds } from '../function-needs.js';
import { type Template, templateOf } from '../template/template.js';
import { rejectsAlarm } from './alarms.js';
import { assetsStackName, assetsTemplate } from './assets.js';
import { changesPart } from './changes-part.js';
import { dashboardResources } from './dashboard.js';
import { flowPart } from './flow-part.js';
import type { CodeAsset } from './function.js';
import { type GuestRole, guestStackName, guestTemplate } from './guest.js';
import { refuseBeyondLimits } from './limits.js';
import { namedSteps } from './named-steps.js';
import type { Part } from './part.js';
import { receiversPart } from './receivers-part.js';
import { nameOf, type Site } from './site.js';
import { stateResources } from './state-store.js';
import { topicResources, topicTarget } from './topic.js';

/** Everything that stacks are made of; the same facts give the same stacks. */
export interface PipelineFacts {
  readonly declaration: Declaration;
  readonly site: Site;
  readonly needs: FunctionNeeds;
  /** By the placeholder of the function: `Run`, `StepOrdersOut`. */
  readonly code: ReadonlyMap<string, CodeAsset>;
  /** ARNs of the streams of replicates, by the steps' names. */
  readonly streams: ReadonlyMap<string, string>;
  /** Of copies through queues, by the steps' names. */
  readonly queues: ReadonlyMap<string, PlannedQueue>;
  /** Of copies through queues: what this account does of them. */
  readonly half: Half;
  /** What the environment has for `{ env: NAME }`. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Stack {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly template: Template;
  /** Names of stacks that come before. */
  readonly after: readonly string[];
}

/** In the order in which they can be made: the code's bucket, the pipeline, and what other accounts have for it. */
export function pipelineStacks(facts: PipelineFacts): readonly Stack[] {
  const { site, declaration } = facts;
  const { account, region } = site;
  const parts = partsOf(facts);
  const assets: Stack = {
    name: assetsStackName(site),
    account,
    region,
    template: assetsTemplate(site),
    after: [],
  };
  const resources = parts.map((part) => part.resources);
  const template = templateOf(
    `Sluice: ${declaration.pipeline}`,
    [
      stateResources(site, { forgets: facts.half !== 'send' && facts.queues.size > 0 }),
      topicResources(site),
      ...resources,
      dashboardResources(
        site,
        parts.map(({ watched }) => watched),
      ),
    ],
    {
      ...Object.assign({}, ...parts.map(({ outputs }) => outputs)),
      TopicArn: { Description: 'Told of alarms', Value: topicTarget(site) },
    },
  );
  const own: Stack = { name: nameOf(site), account, region, template, after: [assets.name] };
  const stacks = [assets, own, ...guestStacks(site, merged(parts.flatMap(({ guests }) => guests)))];
  refuseBeyondLimits(stacks);
  return stacks;
}

function partsOf(facts: PipelineFacts): readonly Part[] {
  if (onlyFollows(facts.declaration)) return [changesPart(facts)];
  if (facts.half === 'receive') return [onlyReceives(facts)];
  return [
    flowPart(facts),
    ...(facts.queues.size === 0 || facts.half === 'send' ? [] : [receiversPart(facts)]),
  ];
}

function onlyReceives(facts: PipelineFacts): Part {
  const part = receiversPart(facts);
  return { ...part, resources: { ...part.resources, ...rejectsAlarm(facts.site) } };
}

/** Such a pipeline has no runs, and no state machine. */
export function onlyFollows({ steps }: Pick<Declaration, 'steps'>): boolean {
  return namedSteps(steps).every(({ kind }) => kind === 'replicate');
}

/** One for each role, with what all that use it need. */
function merged(roles: readonly GuestRole[]): readonly GuestRole[] {
  const arns = [...new Set(roles.map(({ arn }) => arn))].sort();
  return arns.map((arn) => {
    const same = roles.filter((role) => role.arn === arn);
    const users = [...new Set(same.flatMap((role) => role.users))].sort();
    return { arn, users, grants: same.flatMap(({ grants }) => grants) };
  });
}

/** Roles of the stack's own account are the user's: nobody but they know who else uses them. */
function guestStacks(site: Site, roles: readonly GuestRole[]): readonly Stack[] {
  const accountOf = ({ arn }: GuestRole) => arn.split(':')[4] ?? '';
  const accounts = [...new Set(roles.map(accountOf))].filter((account) => account !== site.account).sort();
  return accounts.map((account) => ({
    name: guestStackName(site, account),
    account,
    region: site.region,
    template: guestTemplate(
      site,
      account,
      roles.filter((role) => accountOf(role) === account),
    ),
    after: [],
  }));
}
