import { isAbsolute, join } from 'node:path';
import type { Connection, Context, Sink } from '../connector.js';
import { pathFrom } from '../environment-value.js';
import type { Store } from '../store.js';
import { createChangeSink } from './changes/change-sink.js';
import type { FileSinkOptions, FileSourceOptions, FolderConnectionOptions } from './options.js';
import { createSink } from './sink.js';
import { listTables } from './source/list-tables.js';
import { createFileSource } from './source/source.js';
import type { BucketConnectionOptions } from './stores/bucket-options.js';
import { BucketStore } from './stores/bucket-store.js';
import { FolderStore } from './stores/folder-store.js';

export function connectFolder({ path }: FolderConnectionOptions, context: Context): Connection {
  return connected((lent) => {
    const shown = pathFrom(path, lent.env);
    const folder = isAbsolute(shown) ? shown : join(process.cwd(), shown);
    return new FolderStore({ folder, shown, context: lent });
  }, context);
}

export function connectBucket(options: BucketConnectionOptions, context: Context): Connection {
  return connected((lent) => new BucketStore({ options, context: lent }), context);
}

/** Each end opens the store for itself. */
function connected(store: (lent: Context) => Store, context: Context): Connection {
  return {
    tables: async (patterns) => {
      const listed = store(context);
      try {
        return await listTables(listed, patterns);
      } finally {
        await listed.close();
      }
    },
    listing: [],
    source: (options, lent) => createFileSource(options as FileSourceOptions, store(lent), lent),
    sink: (options, lent) => sinkOf(options as FileSinkOptions, store(lent), lent),
    store,
    close: async () => undefined,
  };
}

function sinkOf(options: FileSinkOptions, store: Store, context: Context): Sink {
  return options.mode === 'append'
    ? createChangeSink(options, store, context)
    : createSink(options, store, context);
}
