import { setMaxListeners } from 'node:events';
import { SluiceError } from '../../errors.js';
import { awsCredentials } from '../aws-credentials.js';
import { awsPlace } from '../aws-endpoint.js';
import type { Connection, Context, Source } from '../connector.js';
import { createClient, type DynamodbClient } from '../dynamodb-client.js';
import { KeyedSource } from './keyed-source.js';
import type { DynamodbConnectionOptions, DynamodbSinkOptions, DynamodbSourceOptions } from './options.js';
import { patiently } from './patience.js';
import { permissions } from './permissions.js';
import { DynamodbSink } from './sink.js';
import { DynamodbSource } from './source.js';
import { streamCalls } from './stream/calls.js';
import { StreamFeed } from './stream/feed.js';
import { streamsPlace } from './stream/streams-place.js';

/** One client for everything done on the connection; opened with the first call. */
export function connectDynamodb(options: DynamodbConnectionOptions, context: Context): Connection {
  const place = awsPlace('dynamodb', options, context.env);
  const credentials = awsCredentials({
    region: place.region,
    role: options.role,
    env: context.env,
    session: context.pipeline,
  });
  const { signal } = context;
  const client = createClient({ place, credentials, signal });
  let streams: DynamodbClient | undefined;
  const streamsClient = () => {
    const api = 'DynamoDBStreams_20120810';
    streams ??= createClient({ place: streamsPlace(options, place, context.env), api, credentials, signal });
    return streams;
  };
  manyWait(context);
  return {
    tables: (patterns) => tables(client, patterns, context),
    listing: permissions(['ListTables'], '*', options.role),
    source: (source, own) => {
      manyWait(own);
      return openSource(client, source as DynamodbSourceOptions, own, options.role);
    },
    sink: (sink, own) => {
      manyWait(own);
      return new DynamodbSink(client, sink as DynamodbSinkOptions, own, options.role);
    },
    feed: (source, own) => {
      manyWait(own);
      const { table } = source as DynamodbSourceOptions;
      if (table === undefined) throw tableNeeded();
      const calls = streamCalls(streamsClient(), own);
      return new StreamFeed({ table, client, calls, context: own, role: options.role });
    },
    close: async () => {
      await Promise.all([client.close(), streams?.close()]);
    },
  };
}

function openSource(
  client: DynamodbClient,
  options: DynamodbSourceOptions,
  context: Context,
  role: string | undefined,
): Source {
  const { table, keys } = options;
  if (keys === undefined || table === undefined) return new DynamodbSource(client, options, context, role);
  return new KeyedSource(client, { ...options, table, keys }, context, role);
}

function tableNeeded(): SluiceError {
  return new SluiceError('declaration_invalid', 'a stream of changes needs a table', { path: 'from.table' });
}

/** All calls under way may wait on the one signal at once: that is no leak to warn of. */
function manyWait({ signal }: Context): void {
  setMaxListeners(0, signal);
}

interface TablePage {
  readonly TableNames?: readonly string[];
  readonly LastEvaluatedTableName?: string;
}

async function tables(
  client: DynamodbClient,
  patterns: readonly string[],
  context: Context,
): Promise<string[]> {
  const matches = patterns.map(patternTest);
  const found: string[] = [];
  let start: string | undefined;
  do {
    const body = JSON.stringify({ ExclusiveStartTableName: start });
    const page = await patiently(context, () => client.call<TablePage>('ListTables', body));
    found.push(...(page.TableNames ?? []).filter((name) => matches.some((match) => match.test(name))));
    start = page.LastEvaluatedTableName;
  } while (start !== undefined);
  return found.sort();
}

function patternTest(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}
