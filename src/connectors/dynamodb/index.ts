import type { Connector } from '../connector.js';
import { connectDynamodb } from './connection.js';
import type { DynamodbConnectionOptions } from './options.js';

export const dynamodb: Connector = {
  connect: (options, context) => connectDynamodb(options as DynamodbConnectionOptions, context),
};
