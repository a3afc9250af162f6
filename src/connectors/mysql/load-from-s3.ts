import { hasRoles, useRoles } from './aurora.js';
import { type Loader, linesLoader } from './load.js';
import { loadStatement } from './load-dialect.js';
import type { LoadObjects } from './load-objects.js';
import type { Server } from './server.js';

/** The lines that LOCAL would stream, as an object that the server reads: for Aurora. */
export function s3Loader(objects: LoadObjects, server: Server): Loader {
  return {
    ...linesLoader((session, target, { buffers }) =>
      objects.lend(Buffer.concat([...buffers]), (address) =>
        session.run(loadStatement(target, `FROM S3 '${address}' IGNORE`)),
      ),
    ),
    ...(hasRoles(server) ? { prepare: useRoles } : {}),
    settled: () => objects.settled(),
  };
}
