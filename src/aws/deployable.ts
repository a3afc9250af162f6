import { canonicalHost, isLoopbackHost } from '../connectors/declared-host.js';
import type {
  ConnectionDeclaration,
  CopyStep,
  Declaration,
  ExportStep,
  NamedStep,
  ReplicateStep,
} from '../declare/declaration.js';
import { type Problem, SluiceError } from '../errors.js';
import type { DeployedForecast } from '../flow/deployed-forecast.js';
import type { StepNeed } from '../flow/needs.js';
import type { PlannedQueue } from '../flow/queues.js';
import { copySteps, type Half } from '../flow/scope.js';
import { quotaRefusals } from './quotas.js';
import { receiverSettings } from './receiver-settings.js';
import { namedSteps } from './stack/named-steps.js';
import { onlyFollows } from './stack/pipeline-stacks.js';

type Environment = Readonly<Record<string, string | undefined>>;
type Refusal = Pick<Problem, 'path' | 'message'> & { readonly hint: string };

/** What is deployed where. */
export interface DeployedPlace {
  /** 12 digits. */
  readonly account: string;
  readonly region: string;
  /** Of copies through queues. */
  readonly half: Half;
}

/**
 * Refuses what a declaration says that works on one machine only. All of it at once, each with its place, its cause and what
 * to write instead. Throws `not_deployable`.
 */
export function refuseUndeployable(
  declaration: Declaration,
  file: string,
  place: DeployedPlace,
  env: Environment = {},
): void {
  const { region } = place;
  const steps = namedSteps(declaration.steps);
  const refusals = [
    ...Object.entries(declaration.connections).flatMap(([name, each]) => connectionRefusals(name, each)),
    ...localRefusals(declaration, env),
    ...proxyRefusals(declaration),
    ...regionRefusals(declaration, region),
    ...maskRefusals(declaration, steps),
    ...streamRegionRefusals(declaration, region),
    ...steps.flatMap((step) => stepRefusals(step, declaration, place)),
  ];
  throwRefusals(declaration, file, refusals);
}

/** What only the plan knows. */
export interface PlannedFacts {
  readonly queues: ReadonlyMap<string, PlannedQueue>;
  readonly needs: readonly StepNeed[];
  readonly forecasts: readonly DeployedForecast[];
}

/** The same of what only the plan knows. */
export function refuseUndeployablePlan(
  declaration: Declaration,
  file: string,
  { queues, needs, forecasts }: PlannedFacts,
  { half }: Pick<DeployedPlace, 'half'>,
): void {
  const received = half === 'send' ? [] : copySteps(declaration.steps);
  const refusals = received.flatMap((step) => {
    const queue = queues.get(step.name);
    return queue ? queueRefusals(step, declaration, queue) : [];
  });
  const beyond = quotaRefusals(declaration, forecasts);
  throwRefusals(declaration, file, [...refusals, ...aliasRefusals(needs), ...beyond]);
}

/** https://docs.aws.amazon.com/kms/latest/developerguide/cmks-in-iam-policies.html, of queues and buckets */
function aliasRefusals(needs: readonly StepNeed[]): readonly Refusal[] {
  const aliases = needs.flatMap(({ connection = '', permission: { resource } }) =>
    /^arn:[^:]+:kms:.*:alias\//.test(resource) ? [`connections.${connection}`] : [],
  );
  return [...new Set(aliases)].map((path) => ({
    path,
    message:
      'it is encrypted with a key that is known by an alias, and the policies of a stack cannot name it by that',
    hint: 'have it name the ARN of the key: aws kms describe-key --key-id ALIAS says it',
  }));
}

function throwRefusals(declaration: Declaration, file: string, refusals: readonly Refusal[]): void {
  if (refusals.length === 0) return;
  throw new SluiceError('not_deployable', `${declaration.pipeline} cannot be deployed as it is`, {
    problems: refusals.map((each) => ({ file, code: 'not_deployable', ...each })),
  });
}

function connectionRefusals(name: string, options: ConnectionDeclaration): readonly Refusal[] {
  const path = `connections.${name}`;
  if (options.kind === 'files') {
    const message = 'a folder of this machine is not there when a function runs';
    return [{ path, message, hint: 'use a connection of kind s3' }];
  }
  if (options.kind !== 'mysql') return [];
  const { password, tls } = options;
  return [
    ...(password === undefined
      ? []
      : [
          {
            path: `${path}.password`,
            message:
              "a password of the environment would be in the function's configuration, for all who may see it",
            hint: 'keep host, username, password and dbname in Secrets Manager: secret: NAME',
          },
        ]),
    ...(typeof tls === 'object'
      ? [
          {
            path: `${path}.tls`,
            message: 'a file of this machine is not there when a function runs',
            hint: 'leave it out for RDS and Aurora, whose authorities are known, or say required',
          },
        ]
      : []),
  ];
}

/** The address of this machine is another one in a function. Where AWS itself is an emulator of this machine, functions run here. */
function localRefusals({ connections }: Declaration, env: Environment): readonly Refusal[] {
  if (isLocal(env['AWS_ENDPOINT_URL'])) return [];
  return Object.entries(connections).flatMap(([name, options]) =>
    ['host', 'endpoint', 'streamsEndpoint'].flatMap((field) =>
      isLocal(options[field])
        ? [
            {
              path: `connections.${name}.${field}`,
              message: 'this is an address of this machine: a function would find itself there',
              hint:
                field === 'host'
                  ? 'name the server as functions reach it, or leave it to the secret'
                  : 'leave it out for AWS itself; AWS_ENDPOINT_URL names an emulator without being deployed',
            },
          ]
        : [],
    ),
  );
}

/** Of a host, the path of a socket, or a URL. */
function isLocal(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  if (value.startsWith('/')) return true;
  const host = canonicalHost(URL.canParse(value) ? new URL(value).hostname : value);
  return host !== undefined && isLoopbackHost(host);
}

/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy.html: it is reached from within its VPC only. */
function proxyRefusals({ deploy }: Declaration): readonly Refusal[] {
  if (deploy?.vpc !== 'none') return [];
  return Object.keys(deploy.proxy ?? {}).map((name) => ({
    path: `deploy.proxy.${name}`,
    message: 'an RDS Proxy has no public address, and `vpc: none` leaves functions outside of its network',
    hint: 'leave `vpc` out, so that the network of the proxy is looked up, or write its subnets',
  }));
}

/** Step Functions calls RDS in its own region only. */
function regionRefusals({ connections }: Declaration, region: string): readonly Refusal[] {
  return Object.entries(connections).flatMap(([name, { kind, region: own = region }]) =>
    kind !== 'rds' || own === region
      ? []
      : [
          {
            path: `connections.${name}.region`,
            message: `Step Functions in ${region} cannot call RDS in ${String(own)}`,
            hint: `deploy it to ${String(own)}: --region ${String(own)}`,
          },
        ],
  );
}

/** A delivery stream is one of the stack's resources. */
function streamRegionRefusals({ connections }: Declaration, region: string): readonly Refusal[] {
  return Object.entries(connections).flatMap(([name, { kind, region: own = region }]) =>
    kind !== 'firehose' || own === region
      ? []
      : [
          {
            path: `connections.${name}.region`,
            message: `a delivery stream is made in ${region}, where the stack is`,
            hint: `leave it out, or deploy to ${String(own)}: --region ${String(own)}`,
          },
        ],
  );
}

function maskRefusals({ maskKey }: Declaration, steps: readonly NamedStep[]): readonly Refusal[] {
  const isUsed = steps.some(
    (step) =>
      (step.kind === 'copy' || step.kind === 'replicate') &&
      Object.values(step.mask ?? {}).some((way) => way !== 'redact'),
  );
  if (!maskKey || !isUsed) return [];
  const message = "the mask key would be in the function's configuration, for all who may see it";
  const hint = 'use `redact`, which needs no key, or run this pipeline on a machine of yours (sluice serve)';
  return [{ path: 'maskKey', message, hint }];
}

function stepRefusals(step: NamedStep, declaration: Declaration, place: DeployedPlace): readonly Refusal[] {
  switch (step.kind) {
    case 'copy':
      return [...viaRefusals(step, declaration, place), ...copyRefusals(step, declaration)];
    case 'replicate':
      return replicateRefusals(step, declaration);
    case 'export':
      return keyRefusals(step);
    case 'call':
      return step.function === undefined
        ? [
            {
              path: step.path,
              message: `${step.name} runs a program of this machine`,
              hint: 'give it the ARN of a Lambda function as `function`; `run` may stay beside it',
            },
          ]
        : [];
    default:
      return [];
  }
}

/** https://docs.aws.amazon.com/kms/latest/developerguide/cmks-in-iam-policies.html */
function keyRefusals({ path, to }: ExportStep): readonly Refusal[] {
  if (!to.kmsKey.includes(':alias/')) return [];
  const message = 'the roles of a stack are allowed to use a key, and a policy cannot name it by an alias';
  const hint = 'write the ARN of the key: aws kms describe-key --key-id ALIAS says it';
  return [{ path: `${path}.to.kmsKey`, message, hint }];
}

/** Lambda polls a queue of its own region, and here of its own account. */
function viaRefusals(
  { path, via }: CopyStep,
  { connections }: Declaration,
  { account, region, half }: DeployedPlace,
): readonly Refusal[] {
  const queue = connections[via?.connection ?? ''];
  if (!queue || half === 'send') return [];
  const owner = ownerOf(queue) ?? account;
  if (owner !== account) {
    const message = `the queue is of account ${owner}: what receives from it is deployed there`;
    const hint = `deploy the halves apart: --only send --account ${account}, and --only receive --account ${owner}`;
    return [{ path: `${path}.via`, message, hint }];
  }
  const place = typeof queue['url'] === 'string' ? regionOfQueue(queue['url']) : queue['region'];
  if (place === undefined || place === region) return [];
  const message = `Lambda in ${region} cannot receive from a queue in ${String(place)}`;
  return [{ path: `${path}.via`, message, hint: `deploy it to ${String(place)}: --region ${String(place)}` }];
}

/** The account of a queue, as far as the declaration says it. */
function ownerOf({ account, url, role }: ConnectionDeclaration): string | undefined {
  if (typeof account === 'string') return account;
  if (typeof url === 'string') return url.split('/').at(-2);
  return typeof role === 'string' ? role.split(':')[4] : undefined;
}

function regionOfQueue(url: string): string | undefined {
  return /^https:\/\/sqs\.([a-z0-9-]+)\./.exec(url)?.[1];
}

function queueRefusals(
  step: CopyStep,
  { connections }: Declaration,
  { description, pace }: PlannedQueue,
): readonly Refusal[] {
  const settings = receiverSettings(step, pace, description.arn.endsWith('.fifo'));
  if (!settings) {
    const message = 'no call of a function lasts long enough for one message at this pace';
    return [
      { path: `${step.path}.pace`, message, hint: 'say no less than one every three and a half minutes' },
    ];
  }
  if (connections[step.via?.connection ?? '']?.['create'] === true) return [];
  const { visibilitySeconds } = settings;
  if (description.visibilitySeconds >= visibilitySeconds) return [];
  const message = `${description.name} hides a message for ${description.visibilitySeconds} s, and the function that receives wants ${visibilitySeconds} s`;
  const hint = `set its visibility timeout to ${visibilitySeconds} s: it would be seen again while its row is being written`;
  return [{ path: `${step.path}.via`, message, hint }];
}

function copyRefusals(step: CopyStep, { connections }: Declaration): readonly Refusal[] {
  const { path, from } = step;
  const refusals: Refusal[] = [];
  const keys = from['keys'];
  if (typeof keys === 'object' && keys !== null && 'file' in keys && keys.file === '-') {
    refusals.push({
      path: `${path}.from.keys`,
      message: 'a function has no standard input',
      hint: 'name a file, or a source: keys: ./keys.txt',
    });
  }
  refusals.push(...sinkRefusals(step, connections));
  if (connections[from.connection]?.kind === 's3' && from['format'] === 'parquet') {
    refusals.push({
      path: `${path}.from`,
      message: 'Parquet is read by DuckDB, which is no part of the functions',
      hint: 'use csv or jsonl, or run it on a machine of yours',
    });
  }
  return refusals;
}

/** What one process has to see from its beginning to its end. */
function sinkRefusals(
  { path, to }: CopyStep | ReplicateStep,
  connections: Declaration['connections'],
): readonly Refusal[] {
  const kind = connections[to.connection]?.kind;
  if (kind === 's3') {
    const message = 'files are made on the disk of one machine';
    const hint = 'run it on a machine of yours; snapshots of RDS (export) can be deployed';
    return [{ path: `${path}.to`, message, hint }];
  }
  if (kind !== 'mysql') return [];
  const refusals: Refusal[] = [];
  if (to['triggers'] === 'suspend') {
    refusals.push({
      path: `${path}.to.triggers`,
      message: 'triggers are put back by the process that took them away, and no function lasts so long',
      hint: 'triggers: fire lets them do what they do; or run it on a machine of yours',
    });
  }
  if (to['foreignKeys'] === 'after') {
    refusals.push({
      path: `${path}.to.foreignKeys`,
      message: 'keys are verified by the process that wrote all tables, and no function does',
      hint: 'foreignKeys: check, with the parents copied by an earlier step; or run it on a machine of yours',
    });
  }
  return refusals;
}

function replicateRefusals(step: ReplicateStep, declaration: Declaration): readonly Refusal[] {
  const { path, pace, first } = step;
  const refusals: Refusal[] = [...sinkRefusals(step, declaration.connections)];
  if (!onlyFollows(declaration)) {
    const message =
      'a pipeline that follows changes has no runs, and can have no other steps where it is deployed';
    refusals.push({ path, message, hint: 'give it a pipeline of its own' });
  }
  if (first !== undefined) {
    refusals.push({
      path: `${path}.first`,
      message: 'the copy before the changes cannot be deployed in this version',
      hint: 'run it on a machine of yours: sluice run',
    });
  }
  if (Object.values(pace).some((rate) => typeof rate === 'number')) {
    refusals.push({
      path: `${path}.pace`,
      message:
        'each shard of a stream has a function at work, and nobody knows how many there are: no pace would be kept',
      hint: 'leave `pace` out, or run it on a machine of yours',
    });
  }
  return refusals;
}
