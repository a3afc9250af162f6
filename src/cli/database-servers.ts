import { namedSteps } from '../aws/stack/named-steps.js';
import { stepConnections } from '../aws/stack/variables.js';
import type { ServerFacts } from '../connectors/connector.js';
import type { World } from '../flow/scope.js';
import type { ConnectionLimits } from './deployed-text.js';

/**
 * What the servers of the databases that steps talk to say of themselves, by connection. They have been connected to before: where
 * one half of copies through queues is meant, the other's may be out of reach.
 */
export async function databaseServers({
  declaration,
  connections,
  half,
}: Pick<World, 'declaration' | 'connections' | 'half'>): Promise<ReadonlyMap<string, ServerFacts>> {
  const used = namedSteps(declaration.steps).flatMap((step) =>
    stepConnections(declaration, step, half === 'both' ? undefined : half),
  );
  const servers = new Map<string, ServerFacts>();
  for (const name of [...new Set(used)].sort()) {
    if (declaration.connections[name]?.kind !== 'mysql') continue;
    const facts = await (await connections.get(name)).server?.();
    if (facts) servers.set(name, facts);
  }
  return servers;
}

export function connectionLimits(servers: ReadonlyMap<string, ServerFacts>): ConnectionLimits {
  return new Map(
    [...servers].flatMap(([name, { maxConnections }]) =>
      maxConnections === undefined ? [] : [[name, maxConnections] as const],
    ),
  );
}
