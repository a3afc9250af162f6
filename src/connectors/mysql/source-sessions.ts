import type { Context } from '../connector.js';
import type { Connections } from './connection.js';
import type { Session } from './session.js';

/** Where a source's sessions come from. */
export type Sessions = Pick<Connections, 'lease' | 'release' | 'discard' | 'withConnection'>;

/** User variables and what is bound to them: `@sluice_firing_start` → `2026-11-01 05:00:00.000`. */
export type Variables = ReadonlyMap<string, string>;

/** The sessions of a connection, each with the variables bound before it is lent. */
export function sessionsWith(connections: Connections, variables: Variables): Sessions {
  if (variables.size === 0) return connections;
  const lease = async (context: Context): Promise<Session> => {
    const session = await connections.lease(context);
    try {
      await session.bind(variables);
      return session;
    } catch (error) {
      connections.discard(session);
      throw error;
    }
  };
  return {
    lease,
    release: (session) => connections.release(session),
    discard: (session) => connections.discard(session),
    withConnection: async (context, use) => {
      const session = await lease(context);
      try {
        const result = await use(session);
        connections.release(session);
        return result;
      } catch (error) {
        connections.discard(session);
        throw error;
      }
    },
  };
}
