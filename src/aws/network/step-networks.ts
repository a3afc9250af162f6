import type { Declaration } from '../../declare/declaration.js';
import { type Problem, SluiceError } from '../../errors.js';
import { namedSteps } from '../stack/named-steps.js';
import { stepConnections } from '../stack/variables.js';
import { type RdsEndpoint, rdsEndpoint } from './rds-endpoint.js';
import type { DatabaseNetwork } from './rds-network.js';

/** Where the functions of one step run. */
export interface StepNetwork {
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  /** Of which databases it is the network, and where that is: `instance shop-prod (vpc-0a1b2c3d)`. */
  readonly of: readonly string[];
}

export interface NetworksRequest {
  readonly declaration: Declaration;
  readonly account: string;
  readonly region: string;
  /** Of copies through queues, the only half that is deployed. */
  readonly half?: 'send' | 'receive' | undefined;
  /** The host that functions connect to, by connection. */
  readonly hosts: ReadonlyMap<string, string>;
  find(host: string, endpoint: RdsEndpoint): Promise<DatabaseNetwork | undefined>;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, and what `deploy.vpc` takes */
const MAX_GROUPS = 5;
const MAX_SUBNETS = 16;

type Refusal = Pick<Problem, 'path' | 'message' | 'hint'>;

/**
 * The network of each step that talks to a database of RDS, by the step's name: that of the database. What is no name of RDS is
 * reached from outside of any network. Throws `not_deployable` for what is not found or not clear, all at once.
 */
export async function stepNetworks(request: NetworksRequest): Promise<ReadonlyMap<string, StepNetwork>> {
  const { declaration, half } = request;
  const refusals: Refusal[] = [];
  const networks = new Map<string, DatabaseNetwork>();
  for (const [connection, host] of request.hosts) {
    const found = await networkOf(connection, host, request);
    if (found === undefined) continue;
    if ('message' in found) refusals.push(found);
    else networks.set(connection, found);
  }
  const all = new Map<string, StepNetwork>();
  for (const step of namedSteps(declaration.steps)) {
    const names = [...new Set(stepConnections(declaration, step, half))];
    const own = names.flatMap((name) => networks.get(name) ?? []);
    if (own.length === 0) continue;
    const together = united(own);
    if (typeof together === 'string') refusals.push({ path: step.path, message: together, hint: WRITE });
    else all.set(step.name, together);
  }
  if (refusals.length > 0) throw refused(declaration, refusals);
  return all;
}

const WRITE =
  'write it: deploy: { vpc: { subnets: [subnet-…], securityGroups: [sg-…] } }, or vpc: none where a public address is meant';

async function networkOf(
  connection: string,
  host: string,
  { region, account, find }: NetworksRequest,
): Promise<DatabaseNetwork | Refusal | undefined> {
  const endpoint = rdsEndpoint(host);
  if (endpoint === undefined) return undefined;
  const path = `connections.${connection}`;
  const refusal = (message: string): Refusal => ({ path, message, hint: WRITE });
  const what = `${endpoint.kind === 'custom' ? 'cluster' : endpoint.kind} of ${host}`;
  if (endpoint.region !== region) {
    return refusal(`the ${what} is in ${endpoint.region}: functions in ${region} have no subnet there`);
  }
  const found = await find(host, endpoint);
  if (found === undefined) {
    return refusal(`the ${what} is not in this account: its subnets and security groups are not known`);
  }
  const owner = found.arn.split(':')[4];
  if (owner !== account) {
    return refusal(`the ${found.name} is in account ${owner}: functions of ${account} have no subnet there`);
  }
  if (found.subnets.length === 0 || found.securityGroups.length === 0) {
    return refusal(`RDS names no subnets or no security groups of the ${found.name}`);
  }
  return found;
}

/** One network for all of them, or why there is none. */
function united(networks: readonly DatabaseNetwork[]): StepNetwork | string {
  const names = [...new Set(networks.map(({ name, vpc }) => `${name} (${vpc})`))];
  if (new Set(networks.map(({ vpc }) => vpc)).size > 1) {
    return `a function is in one network, and the databases are in several: ${names.join(', ')}`;
  }
  const subnets = each(networks.flatMap((network) => network.subnets));
  const securityGroups = each(networks.flatMap((network) => network.securityGroups));
  if (subnets.length > MAX_SUBNETS || securityGroups.length > MAX_GROUPS) {
    return `${names.join(', ')} have ${subnets.length} subnets and ${securityGroups.length} security groups: a function takes ${MAX_SUBNETS} and ${MAX_GROUPS}`;
  }
  return { subnets, securityGroups, of: names };
}

function each(ids: readonly string[]): readonly string[] {
  return [...new Set(ids)].sort();
}

function refused({ pipeline, file }: Declaration, refusals: readonly Refusal[]): SluiceError {
  return new SluiceError('not_deployable', `${pipeline}: where its functions would run is not clear`, {
    problems: refusals.map((refusal) => ({ file: baseName(file), code: 'not_deployable', ...refusal })),
  });
}

function baseName(file: string): string {
  return file.split(/[\\/]/).at(-1) ?? file;
}
