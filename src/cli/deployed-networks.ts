import { RdsNetworks } from '../aws/network/rds-network.js';
import { type StepNetwork, stepNetworks } from '../aws/network/step-networks.js';
import { awsCredentials } from '../connectors/aws-credentials.js';
import { awsPlace } from '../connectors/aws-endpoint.js';
import type { ServerFacts } from '../connectors/connector.js';
import type { World } from '../flow/scope.js';
import { callContext } from './deploy/chosen-assembly.js';

export interface NetworksAsked {
  readonly account: string;
  readonly region: string;
  readonly offline: boolean;
}

/**
 * Where the functions that talk to databases run, by the steps' names: looked up of RDS with the credentials of whoever synthesizes,
 * unless the declaration says it. Throws `not_deployable`, `access_denied`.
 */
export async function deployedNetworks(
  { declaration, env, signal, half }: Pick<World, 'declaration' | 'env' | 'signal' | 'half'>,
  servers: ReadonlyMap<string, ServerFacts>,
  { account, region, offline }: NetworksAsked,
): Promise<ReadonlyMap<string, StepNetwork>> {
  const { deploy } = declaration;
  if (offline || deploy?.vpc !== undefined) return new Map();
  const hosts = new Map([...servers].map(([name, { host }]) => [name, deploy?.proxy?.[name] ?? host]));
  const rds = new RdsNetworks({
    place: awsPlace('rds', { region }, env),
    credentials: awsCredentials({ region, env, session: 'synth' }),
    context: callContext(signal),
  });
  try {
    const find = rds.find.bind(rds);
    return await stepNetworks({
      declaration,
      account,
      region,
      hosts,
      find,
      half: half === 'both' ? undefined : half,
    });
  } finally {
    await rds.close();
  }
}
