import { type ErrorCode, type Retry, SluiceError } from '../../errors.js';

/** What a failed statement told, without any value of a row (invariant 8). The `cause` of our errors. */
export interface NativeFailure {
  /** The server's number, or 0 when the failure is not the server's. */
  readonly errno: number;
  /** The server's or the system's symbol: `ER_DUP_ENTRY`, `ECONNRESET`. */
  readonly symbol: string;
  /** The index or constraint that was violated. */
  readonly constraint?: string;
  readonly column?: string;
  /** The row of the statement, counted from 1. */
  readonly row?: number;
}

interface Rule {
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly says: string;
  readonly hint?: string;
  /** The server's own message holds names only, so it may be shown. */
  readonly words?: true;
}

const never = 'never';
const later = 'later';
/** Aurora's. Its words name the object and the role; nothing of a row is known yet. */
const objectUnread: Rule = {
  code: 'server_error',
  retry: later,
  says: 'Aurora could not read the object from S3',
  words: true,
  hint: 'sluice plan --permissions lists what the role of the cluster needs; a cluster without a public address needs a way to S3, such as a gateway endpoint of its VPC',
};
const privileges = 'sluice plan lists the privileges that the pipeline needs';

/**
 * What the server's errors mean.
 * https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html and
 * https://mariadb.com/kb/en/mariadb-error-code-reference/
 */
const rules: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [1040, { code: 'unreachable', retry: later, says: 'the server has too many connections' }],
  [1203, { code: 'unreachable', retry: later, says: 'the user has too many connections' }],
  [1226, { code: 'throttled', retry: 'slower', says: 'the user has used up a resource limit of the server' }],
  [1129, { code: 'access_denied', retry: never, says: 'the server has blocked this host', words: true }],
  [1130, { code: 'access_denied', retry: never, says: 'the server refuses this host', words: true }],
  [
    1045,
    {
      code: 'access_denied',
      retry: never,
      says: 'the server refused the user or the password',
      words: true,
      hint: 'check user and password of the connection, and that the user may come from this host',
    },
  ],
  [1698, { code: 'access_denied', retry: never, says: 'the server refused the user', words: true }],
  [
    1044,
    {
      code: 'access_denied',
      retry: never,
      says: 'the user may not use the database, or there is none of that name',
      words: true,
    },
  ],
  [
    1049,
    {
      code: 'table_missing',
      retry: never,
      says: 'the database does not exist',
      words: true,
      hint: 'check database of the connection',
    },
  ],
  [1046, { code: 'declaration_invalid', retry: never, says: 'no database is chosen' }],
  [
    1142,
    {
      code: 'access_denied',
      retry: never,
      says: 'the user lacks a privilege on a table',
      words: true,
      hint: privileges,
    },
  ],
  [
    1143,
    {
      code: 'access_denied',
      retry: never,
      says: 'the user lacks a privilege on a column',
      words: true,
      hint: privileges,
    },
  ],
  [
    1227,
    {
      code: 'access_denied',
      retry: never,
      says: 'the user lacks a privilege',
      words: true,
      hint: privileges,
    },
  ],
  [
    1370,
    {
      code: 'access_denied',
      retry: never,
      says: 'the user lacks a privilege',
      words: true,
      hint: privileges,
    },
  ],
  [
    1419,
    {
      code: 'access_denied',
      retry: never,
      says: 'the user lacks a privilege',
      words: true,
      hint: privileges,
    },
  ],
  [
    1146,
    {
      code: 'table_missing',
      retry: never,
      says: 'the table does not exist',
      words: true,
      hint: 'check the name of the table, and database of the connection',
    },
  ],
  [1051, { code: 'table_missing', retry: never, says: 'the table does not exist', words: true }],
  [1054, { code: 'column_missing', retry: never, says: 'a column does not exist', words: true }],
  [1356, { code: 'unsupported', retry: never, says: 'the view cannot be read', words: true }],
  [1050, { code: 'unsupported', retry: never, says: 'the table exists already', words: true }],
  [1871, objectUnread],
  [63985, objectUnread],
  [1148, { code: 'unsupported', retry: never, says: 'the server forbids LOAD DATA LOCAL' }],
  [3948, { code: 'unsupported', retry: never, says: 'the server forbids LOAD DATA LOCAL' }],
  [4166, { code: 'unsupported', retry: never, says: 'the server forbids LOAD DATA LOCAL' }],
  [1213, { code: 'deadlock', retry: later, says: 'the server undid the transaction because of a deadlock' }],
  [1205, { code: 'deadlock', retry: later, says: 'a lock was not given in time' }],
  [1206, { code: 'deadlock', retry: later, says: 'the server has no room for more locks' }],
  [3572, { code: 'deadlock', retry: later, says: 'a lock was not given at once' }],
  [1020, { code: 'deadlock', retry: later, says: 'a record changed while it was read' }],
  [1614, { code: 'deadlock', retry: later, says: 'the server undid the transaction because of a deadlock' }],
  [1180, { code: 'server_error', retry: later, says: 'the server failed at COMMIT' }],
  [1412, { code: 'server_error', retry: later, says: 'the table was altered after the snapshot was taken' }],
  [1615, { code: 'server_error', retry: later, says: 'a statement must be prepared again' }],
  [2006, { code: 'connection_lost', retry: later, says: 'the server has gone away' }],
  [2013, { code: 'connection_lost', retry: later, says: 'the connection broke during a statement' }],
  [1053, { code: 'connection_lost', retry: later, says: 'the server is shutting down' }],
  [1077, { code: 'connection_lost', retry: later, says: 'the server is shutting down' }],
  [1079, { code: 'connection_lost', retry: later, says: 'the server is shutting down' }],
  [1152, { code: 'connection_lost', retry: later, says: 'the server aborted the connection' }],
  [1184, { code: 'connection_lost', retry: later, says: 'the server aborted the connection' }],
  [1927, { code: 'connection_lost', retry: later, says: 'the connection was killed' }],
  [3169, { code: 'connection_lost', retry: later, says: 'the connection was killed' }],
  [4031, { code: 'connection_lost', retry: later, says: 'the server closed an idle connection' }],
  [1158, { code: 'connection_lost', retry: later, says: 'the connection broke' }],
  [1159, { code: 'connection_lost', retry: later, says: 'the connection was too slow for the server' }],
  [1160, { code: 'connection_lost', retry: later, says: 'the connection broke' }],
  [1161, { code: 'connection_lost', retry: later, says: 'the connection was too slow for the server' }],
  [1317, { code: 'timeout', retry: later, says: 'the statement was interrupted' }],
  [3024, { code: 'timeout', retry: later, says: 'the statement took longer than the server allows' }],
  [1969, { code: 'timeout', retry: later, says: 'the statement took longer than the server allows' }],
  [
    1290,
    {
      code: 'unsupported',
      retry: later,
      says: 'the server runs with an option that forbids this, such as read-only',
      hint: 'connect to the writer, not to a replica',
    },
  ],
  [1836, { code: 'unsupported', retry: later, says: 'the server is read-only' }],
  [1792, { code: 'unsupported', retry: later, says: 'the transaction is read-only' }],
  [1021, { code: 'server_error', retry: later, says: 'the disk of the server is full' }],
  [1037, { code: 'server_error', retry: later, says: 'the server is out of memory' }],
  [1038, { code: 'server_error', retry: later, says: 'the server is out of sort memory' }],
  [1041, { code: 'server_error', retry: later, says: 'the server is out of memory' }],
  [1114, { code: 'server_error', retry: later, says: 'the table is full' }],
  [1135, { code: 'server_error', retry: later, says: 'the server cannot make another thread' }],
  [1153, { code: 'item_too_large', retry: never, says: 'a packet is larger than max_allowed_packet' }],
  [1301, { code: 'item_too_large', retry: never, says: 'a result is larger than max_allowed_packet' }],
  [1064, { code: 'sql_invalid', retry: never, says: 'the server does not understand a statement' }],
  [1062, { code: 'unique_clash', retry: never, says: 'another row holds the same value in a UNIQUE index' }],
  [1586, { code: 'unique_clash', retry: never, says: 'another row holds the same value in a UNIQUE index' }],
  [1022, { code: 'unique_clash', retry: never, says: 'another row holds the same value in a UNIQUE index' }],
  [1452, { code: 'foreign_key', retry: never, says: 'the row refers to a row that is not there' }],
  [1216, { code: 'foreign_key', retry: never, says: 'the row refers to a row that is not there' }],
  [1451, { code: 'foreign_key', retry: never, says: 'other rows refer to the row' }],
  [1217, { code: 'foreign_key', retry: never, says: 'other rows refer to the row' }],
  [3819, { code: 'check_violated', retry: never, says: 'a CHECK constraint refuses the row' }],
  [4025, { code: 'check_violated', retry: never, says: 'a CHECK constraint refuses the row' }],
  [1048, { code: 'value_null', retry: never, says: 'a column cannot be NULL' }],
  [1263, { code: 'value_null', retry: never, says: 'a column cannot be NULL' }],
  [1364, { code: 'value_null', retry: never, says: 'a column has no default' }],
  [1264, { code: 'value_range', retry: never, says: 'a value is out of range' }],
  [1690, { code: 'value_range', retry: never, says: 'a value is out of range' }],
  [1406, { code: 'value_too_long', retry: never, says: 'a value is too long' }],
  [1265, { code: 'value_inexact', retry: never, says: 'a value would be cut' }],
  [1366, { code: 'value_type', retry: never, says: 'a value is not of its column’s type' }],
  [1292, { code: 'value_type', retry: never, says: 'a value is not of its column’s type' }],
  [1411, { code: 'value_type', retry: never, says: 'a value is not of its column’s type' }],
  [1367, { code: 'value_type', retry: never, says: 'a value is not of its column’s type' }],
  [3140, { code: 'value_type', retry: never, says: 'a value is not JSON' }],
  [1416, { code: 'value_type', retry: never, says: 'a value is not a geometry' }],
]);

const unreachable = (says: string, hint?: string): Rule =>
  hint ? { code: 'unreachable', retry: later, says, hint } : { code: 'unreachable', retry: later, says };
const lost = (says: string): Rule => ({ code: 'connection_lost', retry: later, says });

/** What failures of the network and of the driver mean, by their symbol. */
const systemRules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['ECONNREFUSED', unreachable('nothing listens there', 'check host and port, and that the server runs')],
  ['ETIMEDOUT', unreachable('no answer in time', 'check host, port, security groups and routes')],
  ['EHOSTUNREACH', unreachable('there is no way to the host')],
  ['ENETUNREACH', unreachable('there is no way to the network')],
  [
    'ENOTFOUND',
    { code: 'unreachable', retry: never, says: 'the name of the host is not known', hint: 'check host' },
  ],
  ['EAI_AGAIN', unreachable('the name of the host could not be looked up')],
  ['ENOENT', unreachable('the socket does not exist')],
  ['PROTOCOL_CONNECTION_LOST', lost('the server closed the connection')],
  ['ECONNRESET', lost('the connection was reset')],
  ['ECONNABORTED', lost('the connection was aborted')],
  ['EPIPE', lost('the connection was closed')],
  ['ERR_STREAM_DESTROYED', lost('the connection was closed')],
  ['ERR_STREAM_WRITE_AFTER_END', lost('the connection was closed')],
  ['PROTOCOL_SEQUENCE_TIMEOUT', { code: 'timeout', retry: later, says: 'no answer in time' }],
  ['PROTOCOL_ERROR', { code: 'response_invalid', retry: later, says: 'the answer of the server was torn' }],
  ['RangeError', { code: 'response_invalid', retry: later, says: 'the answer of the server was torn' }],
  [
    'PROTOCOL_UNEXPECTED_PACKET',
    { code: 'response_invalid', retry: later, says: 'the answer of the server was torn' },
  ],
  [
    'HANDSHAKE_NO_SSL_SUPPORT',
    {
      code: 'tls_required',
      retry: never,
      says: 'the server offers no TLS',
      hint: 'switch TLS on at the server; without it only a server on this machine is used',
    },
  ],
  [
    'HANDSHAKE_SSL_ERROR',
    {
      code: 'tls_required',
      retry: never,
      says: 'the certificate of the server could not be verified',
      hint: 'use the name that the certificate was issued for as host, and tls: { ca: FILE } for an authority of your own',
    },
  ],
]);

interface DriverError extends Error {
  readonly errno?: number | undefined;
  readonly code?: string | undefined;
  readonly sqlMessage?: string | undefined;
  readonly fatal?: boolean | undefined;
}

/**
 * The server's or driver's error as ours. `during` says what was being done, for people: `reading shop.orders`.
 * `in words`: the statement held no values, so the server's message may be shown.
 * The native error is not kept, since its message and statement may hold values of rows (invariant 8).
 */
export function mysqlFailure(error: unknown, during: string, show?: 'in words'): SluiceError {
  if (error instanceof SluiceError) return error;
  const native: DriverError = error instanceof Error ? error : new Error(String(error));
  const symbol = native.code ?? native.name;
  const errno = native.sqlMessage === undefined ? 0 : (native.errno ?? 0);
  const rule = rules.get(errno) ?? systemRules.get(symbol) ?? unknown(native);
  const words = (rule.words || show) && native.sqlMessage ? `: ${native.sqlMessage}` : '';
  const number = errno === 0 ? symbol : `${errno} ${symbol}`;
  return new SluiceError(rule.code, `${during}: ${rule.says} (${number})${words}`, {
    retry: rule.retry,
    cause: describeFailure(native, errno, symbol),
    ...(rule.hint === undefined ? {} : { hint: rule.hint }),
  });
}

function unknown(native: DriverError): Rule {
  if (native.sqlMessage !== undefined) {
    return { code: 'server_error', retry: never, says: 'the server refused a statement' };
  }
  if (native.fatal) return lost('the connection broke');
  return { code: 'server_error', retry: never, says: 'the statement failed' };
}

function describeFailure(native: DriverError, errno: number, symbol: string): NativeFailure {
  const text = native.sqlMessage ?? '';
  // MySQL 8 writes the table before the index: 'orders.by_mail'.
  const constraint =
    /for key '(?:[^']+\.)?([^'.]+)'$/.exec(text) ??
    /CONSTRAINT `([^`]+)`/.exec(text) ??
    /[Cc]heck constraint '([^']+)' is violated/.exec(text);
  const place = /(?:for )?[Cc]olumn (?:`[^`]+`\.`[^`]+`\.)?[`']([^`']+)[`']/.exec(text);
  const row = /at row (\d+)$/.exec(text);
  return {
    errno,
    symbol,
    ...(constraint?.[1] === undefined ? {} : { constraint: constraint[1] }),
    ...(place?.[1] === undefined ? {} : { column: place[1] }),
    ...(row?.[1] === undefined ? {} : { row: Number(row[1]) }),
  };
}

/** The server refuses writes as long as it is a replica; what the name of the host leads to may be another by now. */
const readOnly: ReadonlySet<number> = new Set([1290, 1836, 1792]);

/** Whether a new connection may succeed where this one will go on failing, as after a failover. */
export function isReadOnly(error: unknown): boolean {
  return readOnly.has(nativeFailure(error)?.errno ?? 0);
}

/** What the server told with an error made by `mysqlFailure`; undefined for any other error. */
export function nativeFailure(error: unknown): NativeFailure | undefined {
  if (!(error instanceof SluiceError)) return undefined;
  const cause = error.cause;
  return typeof cause === 'object' && cause !== null && 'errno' in cause && 'symbol' in cause
    ? (cause as NativeFailure)
    : undefined;
}
