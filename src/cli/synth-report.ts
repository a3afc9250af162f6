import type { StepNetwork } from '../aws/network/step-networks.js';
import { receiverSettings } from '../aws/receiver-settings.js';
import { namedSteps } from '../aws/stack/named-steps.js';
import type { Stack } from '../aws/stack/pipeline-stacks.js';
import { stepConnections } from '../aws/stack/variables.js';
import type { Synthesized } from '../aws/synthesize.js';
import { templateText } from '../aws/template/template.js';
import type { Declaration, PaceDeclaration } from '../declare/declaration.js';
import type { ConnectionCount } from '../flow/deployed-connections.js';
import type { DeployedForecast } from '../flow/deployed-forecast.js';
import type { PlannedStep } from '../flow/plan.js';
import { queuesOf } from '../flow/queues.js';
import { copySteps, type Half } from '../flow/scope.js';
import {
  type ConnectionLimits,
  connectionEvent,
  connectionLines,
  differenceLines,
  forecastEvent,
  forecastLines,
} from './deployed-text.js';
import { bytesText, table } from './text.js';

/** What is told of what was made. */
export interface SynthTold extends Synthesized {
  readonly networks: ReadonlyMap<string, StepNetwork>;
  readonly connections: readonly ConnectionCount[];
  readonly limits: ConnectionLimits;
  readonly forecasts: readonly DeployedForecast[];
  readonly planned: readonly PlannedStep[];
  readonly half: Half;
}

/** What `sluice synth` has written, for people. */
export function synthText(made: SynthTold, declaration: Declaration, out: string): string {
  const stacks = made.stacks.map((stack) => [
    stack.name,
    stack.account,
    stack.region,
    String(resourceCount(stack)),
    bytesText(templateBytes(stack)),
  ]);
  const code = made.code.map(({ name, hash, bytes }) => [name, bytesText(bytes), hash.slice(0, 12)]);
  return [
    ...table(['stack', 'account', 'region', 'resources', 'template'], stacks, new Set([3, 4])),
    '',
    ...table(['function', 'code', 'asset'], code, new Set([1])),
    '',
    ...notesOf(made, declaration),
    `written to ${out}`,
  ].join('\n');
}

/** The same for programs. */
export function synthEvents(made: SynthTold, declaration: Declaration, out: string): readonly object[] {
  return [
    ...made.stacks.map((stack) => ({
      event: 'stack',
      name: stack.name,
      account: stack.account,
      region: stack.region,
      resources: resourceCount(stack),
      bytes: templateBytes(stack),
    })),
    ...made.code.map(({ name, hash, bytes }) => ({ event: 'code', name, hash, bytes })),
    ...made.connections.map((each) => connectionEvent(each, made.limits)),
    ...made.forecasts.map(forecastEvent),
    ...notesOf(made, declaration).map((message) => ({ event: 'note', message })),
    { event: 'summary', outcome: 'written', out },
  ];
}

function resourceCount({ template }: Stack): number {
  return Object.keys(template.Resources).length;
}

function templateBytes({ template }: Stack): number {
  return Buffer.byteLength(templateText(template));
}

/** What whoever deploys it has to know. */
function notesOf(made: SynthTold, declaration: Declaration): readonly string[] {
  const { site, stacks, connections, limits } = made;
  const own = Object.entries(declaration.connections).flatMap(([name, { role }]) =>
    typeof role === 'string' && role.split(':')[4] === site.account
      ? [`${name} works as ${role}, which is yours: it must trust the roles of ${site.pipeline}'s functions`]
      : [],
  );
  const guests = stacks.filter(({ account }) => account !== site.account);
  const others = guests.map(({ name, account }) => `${name} is deployed with credentials of ${account}`);
  return [
    ...connectionLines(connections, limits),
    ...made.forecasts.flatMap(forecastLines),
    ...differenceLines(declaration),
    ...receiverLines(made, declaration),
    ...networkLines(made, declaration),
    ...own,
    ...others,
  ];
}

const NEEDS = 'from there they need a NAT gateway, or endpoints for DynamoDB, S3, Secrets Manager and STS';

function networkLines({ site, networks }: SynthTold, declaration: Declaration): readonly string[] {
  const { vpc } = site.deploy;
  const steps = namedSteps(declaration.steps)
    .filter((step) =>
      stepConnections(declaration, step).some((name) => declaration.connections[name]?.kind === 'mysql'),
    )
    .map(({ name }) => name);
  if (steps.length === 0) return [];
  if (vpc !== undefined && vpc !== 'none') {
    return [`${steps.join(', ')}: in ${vpc.subnets.join(', ')}; ${NEEDS}`];
  }
  const outside = steps.filter((name) => !networks.has(name));
  const inside = [...networks].map(
    ([name, { subnets, securityGroups, of }]) =>
      `${name}: in ${subnets.join(', ')} with ${securityGroups.join(', ')}, as ${of.join(' and ')} is: these groups must let in what is in them; ${NEEDS}`,
  );
  if (outside.length === 0) return inside;
  return [
    ...inside,
    `${outside.join(', ')}: in no VPC (deploy.vpc): databases are reached by a public address only`,
  ];
}

/** Who receives, and how the pace is kept. */
function receiverLines({ planned, half }: SynthTold, declaration: Declaration): readonly string[] {
  if (half === 'send') return [];
  const queues = queuesOf(planned);
  return copySteps(declaration.steps).flatMap((step) => {
    const queue = queues.get(step.name);
    const settings = queue && receiverSettings(step, queue.pace, queue.description.arn.endsWith('.fifo'));
    if (!settings) return [];
    const { workers, batchSize, timeoutSeconds, visibilitySeconds } = settings;
    const pace = isPaced(queue.pace) ? `, each at a share of 1/${workers} of the pace` : '';
    return [
      `${step.name}: received by at most ${workers} functions at once${pace}; ${batchSize} messages at most in ${timeoutSeconds} s, hidden for ${visibilitySeconds} s`,
    ];
  });
}

function isPaced({ items, bytes, readUnits, writeUnits }: PaceDeclaration): boolean {
  return [items, bytes, readUnits, writeUnits].some((rate) => rate !== undefined);
}
