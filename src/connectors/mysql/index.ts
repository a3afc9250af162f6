import { SluiceError } from '../../errors.js';
import type { Connection, Connector, Context, ServerFacts } from '../connector.js';
import { Connections } from './connection.js';
import type { MysqlConnectionOptions, MysqlSinkOptions, MysqlSourceOptions } from './options.js';
import { listTables } from './schema.js';
import { createSink } from './sink.js';
import { createSource } from './source.js';

/** MySQL, MariaDB, Aurora and RDS. */
export const mysql: Connector = {
  connect: (options, context) => connectMysql(options as MysqlConnectionOptions, context),
};

function connectMysql(options: MysqlConnectionOptions, context: Context): Connection {
  const connections = new Connections(options, context);
  return {
    tables: (patterns) => tablesNamed(connections, context, patterns),
    listing: [],
    source: (declared, lent) => createSource(declared as MysqlSourceOptions, connections, lent),
    sink: (declared, lent) => createSink(declared as MysqlSinkOptions, connections, lent),
    server: () => serverFacts(connections, context),
    close: () => connections.close(),
  };
}

async function serverFacts(connections: Connections, context: Context): Promise<ServerFacts> {
  const { variables } = await connections.server(context);
  const maxConnections = Number(variables.get('max_connections') ?? 0);
  const host = await connections.host();
  return { host, ...(maxConnections > 0 ? { maxConnections } : {}) };
}

async function tablesNamed(
  connections: Connections,
  context: Context,
  patterns: readonly string[],
): Promise<readonly string[]> {
  const { foldsTableNames } = await connections.server(context);
  const database = await connections.database();
  if (database === undefined) {
    throw new SluiceError('declaration_invalid', 'tables: needs a database on the connection', {
      hint: 'write database: NAME into the connection',
    });
  }
  const forms = patterns.map((pattern) => globForm(pattern, foldsTableNames));
  const names = await context.retry(() =>
    connections.withConnection(context, (session) => listTables(session, database)),
  );
  return names.filter((name) => forms.some((form) => form.test(name)));
}

/** `*` stands for any characters, `?` for one. */
function globForm(pattern: string, folds: boolean): RegExp {
  const form = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${form}$`, folds ? 'isu' : 'su');
}
