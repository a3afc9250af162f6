import { SluiceError } from '../../errors.js';
import { awsCredentials } from '../aws-credentials.js';
import { awsPlace } from '../aws-endpoint.js';
import type { Connection, Context } from '../connector.js';
import type { ExporterOptions } from '../exporter.js';
import type { RdsConnectionOptions } from './options.js';
import { RdsExporter } from './rds-exporter.js';
import { RdsService } from './service.js';

/** Its snapshots are exported; no rows are read from here. */
export function connectRds(connection: RdsConnectionOptions, context: Context): Connection {
  const place = awsPlace('rds', connection, context.env);
  const credentials = awsCredentials({
    region: place.region,
    role: connection.role,
    env: context.env,
    session: context.pipeline,
  });
  return {
    tables: async () => [],
    listing: [],
    source: noEnd,
    sink: noEnd,
    exporter: (options, own) => {
      const service = new RdsService({ place, credentials, context: own });
      return new RdsExporter({
        ...(options as ExporterOptions),
        connection,
        credentials,
        context: own,
        service,
      });
    },
    close: async () => undefined,
  };
}

function noEnd(): never {
  throw new SluiceError('bug', 'a connection of kind rds is neither a source nor a sink of rows');
}
