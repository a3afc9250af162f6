import { SluiceError } from '../../errors.js';
import { awsCredentials } from '../aws-credentials.js';
import { awsPlace } from '../aws-endpoint.js';
import type { Connection, Connector, Context } from '../connector.js';
import { deliveryStreamName } from '../delivery-stream-options.js';
import type { FirehoseConnectionOptions } from './options.js';
import { FirehoseStream } from './stream.js';

export const firehose: Connector = {
  connect: (options, context) => connectFirehose(options as FirehoseConnectionOptions, context),
};

/** A stream is all there is: it lies between changes and their sink. */
function connectFirehose({ endpoint, region }: FirehoseConnectionOptions, context: Context): Connection {
  const place = awsPlace('firehose', { endpoint, region }, context.env);
  const { pipeline } = context;
  const credentials = awsCredentials({ region: place.region, env: context.env, session: pipeline });
  return {
    tables: async () => [],
    listing: [],
    source: noEnd,
    sink: noEnd,
    delivery: (own) => {
      const name = deliveryStreamName(pipeline, own.step);
      return new FirehoseStream({ name, place, credentials, context: own });
    },
    close: async () => undefined,
  };
}

function noEnd(): never {
  throw new SluiceError('bug', 'a delivery stream is neither a source nor a sink');
}
