import type { Connector } from '../connector.js';
import { connectRds } from './connection.js';
import type { RdsConnectionOptions } from './options.js';

export const rds: Connector = {
  connect: (options, context) => connectRds(options as RdsConnectionOptions, context),
};
