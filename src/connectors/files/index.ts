import type { Connector } from '../connector.js';
import { connectBucket, connectFolder } from './connection.js';
import type { FolderConnectionOptions } from './options.js';
import type { BucketConnectionOptions } from './stores/bucket-options.js';

/** A folder of this machine. */
export const files: Connector = {
  connect: (options, context) => connectFolder(options as FolderConnectionOptions, context),
};

/** A bucket. */
export const s3: Connector = {
  connect: (options, context) => connectBucket(options as BucketConnectionOptions, context),
};
