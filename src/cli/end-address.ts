import { SluiceError } from '../errors.js';
import { fileEnd, isFileAddress } from './file-address.js';

/** One end of `sluice copy`: a connection to declare, and the table. */
export interface EndAddress {
  readonly connection: Readonly<Record<string, unknown>>;
  readonly table: string;
  /** What `from` or `to` has besides. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** The environment variable that the connection takes its password from. */
  readonly passwordVariable?: string;
}

/** Which end: decides the password's variable. */
export type End = 'from' | 'to';

const forms =
  'mysql://USER@HOST[:PORT]/DATABASE/TABLE, dynamodb://REGION/TABLE, dynamodb://HOST:PORT/TABLE, s3://BUCKET/PREFIX/TABLE.csv or ./FOLDER/TABLE.parquet';

/**
 * Reads an address; throws `usage` with the forms that there are. Passwords do not belong into one. `format` is that of files
 * whose name does not say it.
 */
export function parseEndAddress(text: string, end: End, format?: string): EndAddress {
  if (isFileAddress(text)) return fileEnd(text, end, format);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'mysql:') return mysqlEnd(url, end);
  if (url?.protocol === 'dynamodb:') return dynamodbEnd(url, text);
  throw new SluiceError('usage', `${end.toUpperCase()} is not an address that sluice knows`, {
    hint: `write ${forms}`,
  });
}

function mysqlEnd(url: URL, end: End): EndAddress {
  if (url.password !== '') {
    throw new SluiceError('usage', 'a password in an address can be read by every user of the machine', {
      hint: `leave it out: you will be asked, or set SLUICE_${end.toUpperCase()}_PASSWORD`,
    });
  }
  const [database, table, ...rest] = segments(url);
  if (!database || !table || rest.length > 0 || url.username === '' || url.hostname === '') {
    throw new SluiceError('usage', 'a MySQL address names user, host, database and table', {
      hint: `write ${forms}`,
    });
  }
  const passwordVariable = `SLUICE_${end.toUpperCase()}_PASSWORD`;
  return {
    table,
    passwordVariable,
    connection: {
      kind: 'mysql',
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      user: decodeURIComponent(url.username),
      password: { env: passwordVariable },
      database,
    },
  };
}

function dynamodbEnd(url: URL, text: string): EndAddress {
  const [table, ...rest] = segments(url);
  if (!table || rest.length > 0 || url.hostname === '') {
    throw new SluiceError('usage', 'a DynamoDB address names a region (or an endpoint) and a table', {
      hint: `write ${forms}`,
    });
  }
  const isEndpoint = url.port !== '' || url.hostname === 'localhost';
  const connection = isEndpoint
    ? { kind: 'dynamodb', endpoint: `http://${url.host}`, region: 'us-east-1' }
    : { kind: 'dynamodb', region: /^dynamodb:\/\/([^/]+)/i.exec(text)?.[1] ?? url.hostname };
  return { table, connection };
}

function segments(url: URL): string[] {
  return url.pathname.split('/').slice(1).map(decodeURIComponent);
}
