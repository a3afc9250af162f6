import type { Connector } from '../connector.js';
import type { BucketConnectionOptions } from './bucket-options.js';
import { connectBucket, connectFolder } from './connection.js';
import type { FolderConnectionOptions } from './options.js';

/** A folder of this machine. */
export const files: Connector = { connect: (options) => connectFolder(options as FolderConnectionOptions) };

/** A bucket. */
export const s3: Connector = { connect: (options) => connectBucket(options as BucketConnectionOptions) };
