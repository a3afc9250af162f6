import { setMaxListeners } from 'node:events';
import { SluiceError } from '../../errors.js';
import { awsCredentials } from '../aws-credentials.js';
import { awsPlace } from '../aws-endpoint.js';
import type { Connection, Context } from '../connector.js';
import type { SqsConnectionOptions } from './options.js';
import { SqsQueue } from './queue.js';
import { endpointOfUrl, regionOfUrl } from './queue-url.js';
import { SqsService } from './service.js';

/** A queue is all there is: it lies between a source and a sink. */
export function connectSqs(options: SqsConnectionOptions, context: Context): Connection {
  const { url } = options;
  const place = awsPlace(
    'sqs',
    {
      endpoint: options.endpoint ?? (url === undefined ? undefined : endpointOfUrl(url)),
      region: options.region ?? (url === undefined ? undefined : regionOfUrl(url)),
    },
    context.env,
  );
  const credentials = awsCredentials({
    region: place.region,
    role: options.role,
    env: context.env,
    session: context.pipeline,
  });
  return {
    tables: async () => [],
    listing: [],
    source: noEnd,
    sink: noEnd,
    queue: (own) => {
      // All calls under way may wait on the one signal at once: that is no leak to warn of.
      setMaxListeners(0, own.signal);
      const service = new SqsService({ place, credentials, context: own });
      return new SqsQueue({ options, context: own, credentials, service });
    },
    close: async () => undefined,
  };
}

function noEnd(): never {
  throw new SluiceError('bug', 'a queue is neither a source nor a sink');
}
