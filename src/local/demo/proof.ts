import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { LocalDynamodb } from '../dynamodb.js';

/** What three independent looks say of one table; none of them uses Sluice's own code. */
export interface Proof {
  readonly table: string;
  readonly rows: number;
  readonly items: number;
  readonly reported: number;
  readonly checksums: readonly [shop: string, report: string];
  readonly equal: boolean;
}

export interface ProofSubject {
  readonly table: string;
  /** The DynamoDB table that it went through. */
  readonly stage: string;
}

/** Counts on every side, and the servers' own CHECKSUM TABLE of both. */
export async function prove(
  connection: Connection,
  databases: { readonly shop: string; readonly report: string },
  dynamodb: LocalDynamodb,
  { table, stage }: ProofSubject,
): Promise<Proof> {
  const [shop, report] = [`${databases.shop}.${table}`, `${databases.report}.${table}`];
  const items = countItems(dynamodb, stage);
  const [rows, reported] = [await countRows(connection, shop), await countRows(connection, report)];
  const checksums = [await checksum(connection, shop), await checksum(connection, report)] as const;
  const counts = [rows, await items, reported];
  const equal = rows > 0 && counts.every((count) => count === rows) && checksums[0] === checksums[1];
  return { table, rows, items: await items, reported, checksums, equal };
}

async function countRows(connection: Connection, table: string): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>(`SELECT COUNT(*) AS rows_found FROM ${table}`);
  return Number(rows[0]?.['rows_found']);
}

/** https://dev.mysql.com/doc/refman/8.4/en/checksum-table.html */
async function checksum(connection: Connection, table: string): Promise<string> {
  const [rows] = await connection.query<RowDataPacket[]>(`CHECKSUM TABLE ${table}`);
  return String(rows[0]?.['Checksum']);
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html */
async function countItems(dynamodb: LocalDynamodb, table: string): Promise<number> {
  let count = 0;
  let after: unknown;
  do {
    const scan = { TableName: table, Select: 'COUNT', ConsistentRead: true, ExclusiveStartKey: after };
    const page = await callDynamodb(dynamodb, 'Scan', scan);
    count += Number(page['Count']);
    after = page['LastEvaluatedKey'];
  } while (after !== undefined);
  return count;
}

/** One call of the JSON protocol; local engines do not check the signature. */
export async function callDynamodb(
  { endpoint, region }: LocalDynamodb,
  action: string,
  body: object,
): Promise<Record<string, unknown>> {
  const credential = `demo/20260101/${region}/dynamodb/aws4_request`;
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${action}`,
      'x-amz-date': '20260101T000000Z',
      authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${action} answered ${response.status}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}
