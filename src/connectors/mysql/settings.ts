/**
 * What every session of ours has, whatever the server's defaults are, so that the same statement means the
 * same everywhere.
 */

/** Waits of the server for a reader or writer that is paused, and between statements, in seconds: a day. */
const IDLE_SECONDS = 86_400;
/** A transaction that waits longer for a row lock is undone and retried by us. */
const ROW_LOCK_SECONDS = 50;
const TABLE_LOCK_SECONDS = 60;
/**
 * A sort compares only so many bytes, by default 1024: keys that are equal up to there would come in any order,
 * and a read that goes on after one of them would miss others. A key of 3072 bytes has weights of at most this.
 */
const MAX_SORT_BYTES = 8192;

/**
 * Strict, so that nothing is stored changed with a mere warning (invariant 4). Zero and impossible dates are
 * allowed, as is 0 in an AUTO_INCREMENT column: what one server holds another must take. Quotes and
 * backslashes mean what they mean by default: neither ANSI_QUOTES nor NO_BACKSLASH_ESCAPES.
 */
const SQL_MODE = [
  'STRICT_ALL_TABLES',
  'STRICT_TRANS_TABLES',
  'ERROR_FOR_DIVISION_BY_ZERO',
  'NO_ENGINE_SUBSTITUTION',
  'NO_AUTO_VALUE_ON_ZERO',
  'ALLOW_INVALID_DATES',
].join(',');

const everywhere = [
  'NAMES utf8mb4',
  `SESSION sql_mode = '${SQL_MODE}'`,
  "SESSION time_zone = '+00:00'",
  `SESSION net_write_timeout = ${IDLE_SECONDS}`,
  `SESSION net_read_timeout = ${IDLE_SECONDS}`,
  `SESSION wait_timeout = ${IDLE_SECONDS}`,
  `SESSION innodb_lock_wait_timeout = ${ROW_LOCK_SECONDS}`,
  `SESSION lock_wait_timeout = ${TABLE_LOCK_SECONDS}`,
  'SESSION autocommit = 1',
  'SESSION foreign_key_checks = 1',
  'SESSION unique_checks = 1',
  'SESSION sql_notes = 1',
  'SESSION sql_warnings = 0',
  'SESSION sql_auto_is_null = 0',
  'SESSION sql_big_selects = 1',
  `SESSION max_sort_length = ${MAX_SORT_BYTES}`,
  'SESSION sql_safe_updates = 0',
  'SESSION sql_select_limit = 18446744073709551615',
];

const mariadb = ['SESSION max_statement_time = 0', "SESSION tx_isolation = 'REPEATABLE-READ'"];

const mysql = ['SESSION max_execution_time = 0', "SESSION transaction_isolation = 'REPEATABLE-READ'"];

/** Row estimates that are not up to a day old. */
const mysql8 = [...mysql, 'SESSION information_schema_stats_expiry = 0'];

/** The settings as parts of one SET, by the version that the server's handshake names. */
export function sessionSettings(handshakeVersion: string): readonly string[] {
  if (/mariadb/i.test(handshakeVersion)) return [...everywhere, ...mariadb];
  return [...everywhere, ...(Number.parseInt(handshakeVersion, 10) >= 8 ? mysql8 : mysql)];
}
