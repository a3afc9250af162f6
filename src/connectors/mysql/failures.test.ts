import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../errors.js';
import { mysqlFailure, nativeFailure } from './failures.js';

function serverError(errno: number, code: string, sqlMessage: string): Error {
  return Object.assign(new Error(sqlMessage), {
    errno,
    code,
    sqlMessage,
    sqlState: 'HY000',
    sql: 'INSERT hunter2',
  });
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code} hunter2`), { code, errno: -111, fatal: true });
}

describe('a failure of MySQL', () => {
  it.each([
    [1213, 'deadlock', 'later'],
    [1205, 'deadlock', 'later'],
    [1040, 'unreachable', 'later'],
    [1203, 'unreachable', 'later'],
    [1226, 'throttled', 'slower'],
    [2006, 'connection_lost', 'later'],
    [2013, 'connection_lost', 'later'],
    [1053, 'connection_lost', 'later'],
    [1927, 'connection_lost', 'later'],
    [1317, 'timeout', 'later'],
    [3024, 'timeout', 'later'],
    [1290, 'unsupported', 'later'],
    [1836, 'unsupported', 'later'],
    [1045, 'access_denied', 'never'],
    [1142, 'access_denied', 'never'],
    [1049, 'table_missing', 'never'],
    [1146, 'table_missing', 'never'],
    [1062, 'unique_clash', 'never'],
    [1452, 'foreign_key', 'never'],
    [4025, 'check_violated', 'never'],
    [9999, 'server_error', 'never'],
  ])('%i is %s, to be tried again: %s', (errno, code, retry) => {
    expect(mysqlFailure(serverError(errno, 'ER_X', 'words'), 'there')).toMatchObject({ code, retry });
  });

  it.each([
    ['ECONNREFUSED', 'unreachable', 'later'],
    ['ETIMEDOUT', 'unreachable', 'later'],
    ['ENOTFOUND', 'unreachable', 'never'],
    ['EAI_AGAIN', 'unreachable', 'later'],
    ['PROTOCOL_CONNECTION_LOST', 'connection_lost', 'later'],
    ['ECONNRESET', 'connection_lost', 'later'],
    ['EPIPE', 'connection_lost', 'later'],
    ['HANDSHAKE_NO_SSL_SUPPORT', 'tls_required', 'never'],
    ['SOMETHING_NEW', 'connection_lost', 'later'],
  ])('%s is %s, to be tried again: %s', (symbol, code, retry) => {
    expect(mysqlFailure(systemError(symbol), 'there')).toMatchObject({ code, retry });
  });

  it('never holds a value of a row, nor the statement', () => {
    for (const error of [
      serverError(1062, 'ER_DUP_ENTRY', "Duplicate entry 'hunter2' for key 'orders.PRIMARY'"),
      serverError(1366, 'ER_X', "Incorrect integer value: 'hunter2' for column `shop`.`orders`.`n` at row 7"),
      serverError(1292, 'ER_X', "Truncated incorrect DOUBLE value: 'hunter2'"),
      serverError(1064, 'ER_PARSE_ERROR', "near 'hunter2' at line 1"),
      serverError(9999, 'ER_NEW', 'hunter2'),
      systemError('EPIPE'),
    ]) {
      const failure = mysqlFailure(error, 'there');
      expect(JSON.stringify([failure.message, failure.hint, failure.cause])).not.toContain('hunter2');
    }
  });

  it.each([
    [1062, "Duplicate entry 'a-b' for key 'orders.by_mail'", { constraint: 'by_mail' }],
    [1062, "Duplicate entry 'for key 'x'' for key 'PRIMARY'", { constraint: 'PRIMARY' }],
    [
      1452,
      'Cannot add or update a child row: a foreign key constraint fails (`s`.`c`, CONSTRAINT `fk_a` FOREIGN KEY (`a`) REFERENCES `p` (`id`))',
      { constraint: 'fk_a' },
    ],
    [4025, 'CONSTRAINT `positive` failed for `s`.`t`', { constraint: 'positive' }],
    [3819, "Check constraint 'positive' is violated.", { constraint: 'positive' }],
    [1406, "Data too long for column 'v' at row 12", { column: 'v', row: 12 }],
    [1366, "Incorrect integer value: 'x' for column `s`.`t`.`n` at row 3", { column: 'n', row: 3 }],
    [1048, "Column 'v' cannot be null", { column: 'v' }],
  ])('%i tells what of the table is concerned', (errno, words, found) => {
    const native = nativeFailure(mysqlFailure(serverError(errno, 'ER_X', words), 'there'));
    expect(native).toEqual({ errno, symbol: 'ER_X', ...found });
  });

  it('shows the words about SQL of the declaration when asked to, and names of things always', () => {
    const syntax = serverError(1064, 'ER_PARSE_ERROR', "near 'nonsense'");
    expect(mysqlFailure(syntax, 'there').message).not.toContain('nonsense');
    expect(mysqlFailure(syntax, 'there', 'in words').message).toContain('nonsense');
    expect(mysqlFailure(serverError(1146, 'ER_X', "Table 's.t' doesn't exist"), 'there').message).toContain(
      "'s.t'",
    );
  });

  it('that is ours already stays what it is', () => {
    const ours = new SluiceError('timeout', 'late', { retry: 'later' });
    expect(mysqlFailure(ours, 'there')).toBe(ours);
    expect(nativeFailure(ours)).toBeUndefined();
    expect(nativeFailure(new Error('other'))).toBeUndefined();
  });
});
