import type { Finding, Incoming } from '../../connectors/connector.js';

/**
 * What a million requests to a standard queue cost in us-east-1, in US dollars, beyond the first million of a month;
 * each 64 KB of a payload are a request: https://aws.amazon.com/sqs/pricing/
 */
const DOLLARS_PER_MILLION_REQUESTS = 0.4;
const REQUEST_BYTES = 64 * 1024;
/** Sent, received, removed. */
const REQUESTS = 3;
const AT_ONCE = 10;

/** About how many requests the messages will take, and their price. */
export function messageCost({ rows, bytes }: Pick<Incoming, 'rows' | 'bytes'>): readonly Finding[] {
  if (rows === undefined || rows === 0) return [];
  const perRow = bytes === undefined ? 1 : Math.max(1, Math.ceil(bytes / rows / REQUEST_BYTES));
  const most = rows * (REQUESTS - 1 + perRow);
  const least = perRow > 1 ? most : Math.ceil((rows * REQUESTS) / AT_ONCE);
  const dollars = (most / 1e6) * DOLLARS_PER_MILLION_REQUESTS;
  const requests = least === most ? `${least}` : `${least} to ${most}`;
  const message = `about ${rows} messages: ${requests} requests, at most $${dollars.toPrecision(2)} (SQS, us-east-1)`;
  return [{ level: 'note', code: 'note', message, path: 'via' }];
}
