import type { Connector } from '../connector.js';
import { connectSqs } from './connection.js';
import type { SqsConnectionOptions } from './options.js';

export const sqs: Connector = {
  connect: (options, context) => connectSqs(options as SqsConnectionOptions, context),
};
