import { randomBytes } from 'node:crypto';
import { type Connection, createConnection } from 'mysql2/promise';
import { SluiceError } from '../../errors.js';
import { type LocalDynamodb, startDynamodb } from '../dynamodb.js';
import { type LocalMysql, startMysql } from '../mysql.js';
import { type LocalSqs, startSqs } from '../sqs.js';
import { makeInbox } from './inbox.js';
import { callDynamodb } from './proof.js';

/** What the demo works on. */
export interface DemoServers {
  readonly mysql: LocalMysql;
  readonly dynamodb: LocalDynamodb;
  readonly sqs: LocalSqs;
  /** Not the product's. */
  readonly connection: Connection;
  readonly databases: { readonly shop: string; readonly report: string };
  /** What the pipelines of the demo find in their environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Takes away everything that the demo has made, servers included. */
  remove(): Promise<void>;
}

/** Servers of its own, or those that were given by URL, where nothing that exists is touched. */
export async function startServers(stageTables: readonly string[]): Promise<DemoServers> {
  const [mysql, dynamodb, sqs] = await Promise.all([startMysql(), startDynamodb(), startSqs()]);
  if (dynamodb.given) await refuseTaken(dynamodb, stageTables);
  const { host, port, user, password } = mysql;
  const connection = await createConnection({ host, port, user, password, charset: 'utf8mb4' });
  const prefix = mysql.given ? `sluice_demo_${randomBytes(4).toString('hex')}_` : '';
  const databases = { shop: `${prefix}shop`, report: `${prefix}report` };
  try {
    for (const database of Object.values(databases)) {
      await connection.query(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`);
    }
    await makeInbox(sqs);
    const [reader, writer] = await makeLogins(mysql, connection, databases);
    const env = {
      ...mysqlVariables('SHOP', mysql, reader, databases.shop),
      ...mysqlVariables('REPORT', mysql, writer, databases.report),
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
      AWS_ENDPOINT_URL_SQS: sqs.endpoint,
      AWS_REGION: dynamodb.region,
      AWS_ACCESS_KEY_ID: 'demo',
      AWS_SECRET_ACCESS_KEY: 'demo',
      MASK_KEY: randomBytes(32).toString('hex'),
    };
    const remove = () => removeAll({ mysql, dynamodb, sqs, connection, databases }, stageTables);
    return { mysql, dynamodb, sqs, connection, databases, env, remove };
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

async function removeAll(
  {
    mysql,
    dynamodb,
    sqs,
    connection,
    databases,
  }: Pick<DemoServers, 'mysql' | 'dynamodb' | 'sqs' | 'connection' | 'databases'>,
  stageTables: readonly string[],
): Promise<void> {
  if (mysql.given) {
    for (const database of Object.values(databases)) {
      await connection.query(`DROP DATABASE IF EXISTS ${database}`);
    }
  }
  if (dynamodb.given) await removeTables(dynamodb, stageTables);
  connection.destroy();
  await Promise.all([mysql.stop(), dynamodb.stop(), sqs.stop()]);
}

interface Login {
  readonly user: string;
  readonly password: string;
}

/** What the report's user may do: as `sluice plan` lists it. */
const WRITER_PRIVILEGES =
  'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, TRIGGER, CREATE TEMPORARY TABLES';

/** On a private server, users that may do just what the pipeline needs; on a given one, its own user. */
async function makeLogins(
  mysql: LocalMysql,
  connection: Connection,
  databases: DemoServers['databases'],
): Promise<[reader: Login, writer: Login]> {
  if (mysql.given) return [mysql, mysql];
  const reader = { user: 'shop_reader', password: randomBytes(12).toString('hex') };
  const writer = { user: 'report_writer', password: randomBytes(12).toString('hex') };
  for (const { user, password } of [reader, writer]) {
    await connection.query(`CREATE USER ${user} IDENTIFIED BY '${password}'`);
  }
  await connection.query(`GRANT SELECT ON ${databases.shop}.* TO ${reader.user}`);
  await connection.query(`GRANT ${WRITER_PRIVILEGES} ON ${databases.report}.* TO ${writer.user}`);
  return [reader, writer];
}

function mysqlVariables(
  side: string,
  mysql: LocalMysql,
  login: Login,
  database: string,
): Record<string, string> {
  return {
    [`${side}_HOST`]: mysql.host,
    [`${side}_PORT`]: String(mysql.port),
    [`${side}_USER`]: login.user,
    [`${side}_PASSWORD`]: login.password,
    [`${side}_DATABASE`]: database,
  };
}

async function refuseTaken(dynamodb: LocalDynamodb, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    if (!(await isThere(dynamodb, table))) continue;
    throw new SluiceError('usage', `the table ${table} is already there, at ${dynamodb.endpoint}`, {
      hint: 'the demo would write into it: delete it, or unset SLUICE_DYNAMODB_URL',
    });
  }
}

async function removeTables(dynamodb: LocalDynamodb, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    if (await isThere(dynamodb, table)) await callDynamodb(dynamodb, 'DeleteTable', { TableName: table });
  }
}

async function isThere(dynamodb: LocalDynamodb, table: string): Promise<boolean> {
  try {
    await callDynamodb(dynamodb, 'DescribeTable', { TableName: table });
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes('ResourceNotFoundException')) return false;
    throw error;
  }
}
