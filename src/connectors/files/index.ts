import { SluiceError } from '../../errors.js';
import type { Connection, Connector } from '../connector.js';
import type { BucketConnectionOptions } from './bucket-options.js';
import type { FolderConnectionOptions } from './options.js';

/** A folder of this machine. */
export const files: Connector = { connect: (options) => unfinished(options as FolderConnectionOptions) };

/** A bucket. */
export const s3: Connector = { connect: (options) => unfinished(options as BucketConnectionOptions) };

function unfinished({ kind }: FolderConnectionOptions | BucketConnectionOptions): Connection {
  throw new SluiceError('unsupported', `a connection of kind ${kind} is not in this version`);
}
