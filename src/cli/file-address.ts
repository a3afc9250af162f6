import { basename, dirname } from 'node:path';
import { SluiceError } from '../errors.js';
import type { End, EndAddress } from './end-address.js';

const formats: Readonly<Record<string, string>> = {
  parquet: 'parquet',
  csv: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
};

/**
 * A path of this machine or `s3://BUCKET/PREFIX/NAME` as an end: the folder or prefix that holds it is the connection, its name
 * without the ending the table. The ending says the format; where there is none, `format` does. Throws `usage`.
 */
export function fileEnd(text: string, end: End, format: string | undefined): EndAddress {
  const { connection, name } = text.startsWith('s3://') ? inBucket(text, end) : inFolder(text, end);
  const [, table = name, ending, gz] = /^(.+?)\.(parquet|csv|jsonl|ndjson)(\.gz)?$/i.exec(name) ?? [];
  const said = ending === undefined ? undefined : formats[ending.toLowerCase()];
  const known = said ?? format;
  if (known === undefined) {
    throw new SluiceError('usage', `${end.toUpperCase()} does not say which format its files have`, {
      hint: `write ${name}.parquet, ${name}.csv or ${name}.jsonl, or add --format`,
    });
  }
  if (gz !== undefined && known === 'parquet') {
    throw new SluiceError('usage', `${end.toUpperCase()}: Parquet is compressed within, not as a whole`, {
      hint: `write ${table}.parquet`,
    });
  }
  const isPacked = gz !== undefined && end === 'to';
  return { table, connection, options: { format: known, ...(isPacked ? { compression: 'gzip' } : {}) } };
}

/** Whether it is no URL but a path, or one of S3. */
export function isFileAddress(text: string): boolean {
  return text.startsWith('s3://') || !/^[a-z][a-z0-9+.-]*:/i.test(text);
}

function inFolder(text: string, end: End): { connection: EndAddress['connection']; name: string } {
  const path = text.replace(/(?<=[^/])\/+$/, '');
  const name = basename(path);
  if (name === '' || name === '.' || name === '..') {
    throw new SluiceError('usage', `${end.toUpperCase()} names no table below a folder`, {
      hint: 'write ./out/orders.parquet, or ./out/orders and --format parquet',
    });
  }
  const folder = dirname(path);
  return { name, connection: { kind: 'files', path: folder === '.' ? './' : folder } };
}

function inBucket(text: string, end: End): { connection: EndAddress['connection']; name: string } {
  const [, bucket, prefix = '', name] = /^s3:\/\/([^/]+)\/(.+\/)?([^/]+)\/?$/.exec(text) ?? [];
  if (bucket === undefined || name === undefined) {
    throw new SluiceError('usage', `${end.toUpperCase()} names no table in a bucket`, {
      hint: 'write s3://BUCKET/PREFIX/orders.parquet',
    });
  }
  return { name, connection: { kind: 's3', bucket, ...(prefix === '' ? {} : { prefix }) } };
}
