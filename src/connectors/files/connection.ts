import { isAbsolute, join } from 'node:path';
import { SluiceError } from '../../errors.js';
import type { Connection, Context } from '../connector.js';
import { pathFrom } from '../environment.js';
import type { Store } from '../store.js';
import type { BucketConnectionOptions } from './bucket-options.js';
import { BucketStore } from './bucket-store.js';
import { FolderStore } from './folder-store.js';
import type { FolderConnectionOptions } from './options.js';

export function connectFolder({ path }: FolderConnectionOptions): Connection {
  return connected((context) => {
    const shown = pathFrom(path, context.env);
    const folder = isAbsolute(shown) ? shown : join(process.cwd(), shown);
    return new FolderStore({ folder, shown, context });
  });
}

export function connectBucket(options: BucketConnectionOptions): Connection {
  return connected((context) => new BucketStore({ options, context }));
}

function connected(store: (context: Context) => Store): Connection {
  return {
    tables: async () => [],
    listing: [],
    source: unfinished,
    sink: unfinished,
    store,
    close: async () => undefined,
  };
}

function unfinished(): never {
  throw new SluiceError('unsupported', 'reading and writing files is not in this version');
}
