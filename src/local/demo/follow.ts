import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { count } from './paper.js';
import type { Program } from './program.js';
import { callDynamodb } from './proof.js';
import type { DemoServers } from './servers.js';

export const livePipeline = join('examples', 'baskets-live.yaml');
export const LIVE_TABLE = 'demo-baskets';

const BASKETS = 400;
/** Items of one call. */
const BATCH = 25;
/** Between two calls, so that there is something to see. */
const PAUSE_MS = 60;
const INTERRUPTED = 130;

/** Every so many baskets have a coupon that is too long for its column: 3 %. */
const BAD_EVERY = 33;

/**
 * The third flow: baskets are put, changed and removed while their changes are followed; the run is interrupted and gone on
 * with; what was refused is sent again once its column is mended. Gives whether both sides agree in the end.
 */
export async function followBaskets(
  servers: DemoServers,
  program: Program,
  state: string,
  say: (line: string) => void,
): Promise<boolean> {
  await makeTables(servers);
  const at = ['--state', state];
  say(`\n$ sluice run ${livePipeline}      (while baskets are put, changed and removed; then Ctrl-C)\n`);
  const changing = changeBaskets(servers);
  const run = { over: false };
  const seen = changing.then(() => untilFollowed(servers, run));
  const first = await program.run(['run', livePipeline, ...at], 'terminal', seen);
  run.over = true;
  const changes = await changing;
  if (first.status !== INTERRUPTED) return ended('run', first.status, say);
  say(`\n$ sluice run ${livePipeline} --drain\n`);
  const second = await program.run(['run', livePipeline, '--drain', ...at], 'terminal');
  if (second.status !== 3) return ended('run', second.status, say);
  say('\n  Some coupons were too long for their column. It is made wider, and they are sent again:');
  await servers.connection.query(`ALTER TABLE ${servers.databases.report}.baskets MODIFY coupon VARCHAR(40)`);
  say(`\n$ sluice replay ${livePipeline}\n`);
  const replay = await program.run(['replay', livePipeline, ...at], 'terminal');
  if (replay.status !== 0) return ended('replay', replay.status, say);
  say(`\n$ sluice verify ${livePipeline}\n`);
  const verify = await program.run(['verify', livePipeline, ...at], 'terminal');
  if (verify.status !== 0) return ended('verify', verify.status, say);
  return await sayProof(servers, changes, say);
}

/** Until something has arrived, however slow the machine, or nothing can any more. */
async function untilFollowed(
  { connection, databases }: DemoServers,
  run: { readonly over: boolean },
): Promise<void> {
  while (!run.over) {
    const [rows] = await connection.query(`SELECT id FROM ${databases.report}.baskets LIMIT 1`);
    if ((rows as object[]).length > 0) return;
    await sleep(PAUSE_MS);
  }
}

function ended(command: string, status: number, say: (line: string) => void): false {
  say(`\nsluice ${command} ended with exit status ${status}.`);
  return false;
}

async function makeTables({ connection, databases, dynamodb }: DemoServers): Promise<void> {
  await connection.query(
    `CREATE TABLE ${databases.report}.baskets (id INT PRIMARY KEY, items INT, total DECIMAL(10, 2), coupon VARCHAR(12))`,
  );
  await callDynamodb(dynamodb, 'CreateTable', {
    TableName: LIVE_TABLE,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'N' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  });
}

/** The load generator. Gives how many changes it made. */
async function changeBaskets({ dynamodb }: DemoServers): Promise<number> {
  const all = Array.from({ length: BASKETS }, (_, id) => id);
  const requests = [
    ...all.map((id) => put(id, 1)),
    ...all.filter((id) => id % 2 === 0).map((id) => put(id, 2)),
    ...all.filter((id) => id % 4 === 1).map((id) => ({ DeleteRequest: { Key: { id: { N: `${id}` } } } })),
  ];
  for (let start = 0; start < requests.length; start += BATCH) {
    const some = requests.slice(start, start + BATCH);
    await callDynamodb(dynamodb, 'BatchWriteItem', { RequestItems: { [LIVE_TABLE]: some } });
    await sleep(PAUSE_MS);
  }
  return requests.length;
}

function put(id: number, times: number): object {
  const coupon = id % BAD_EVERY === 0 ? 'a coupon that is far too long' : `C${id}`;
  const content = JSON.stringify({ items: times, total: `${id}.50` });
  return { PutRequest: { Item: { id: { N: `${id}` }, content: { S: content }, coupon: { S: coupon } } } };
}

/** What both sides hold, by their own words. */
async function sayProof(
  { connection, databases, dynamodb }: DemoServers,
  changes: number,
  say: (line: string) => void,
): Promise<boolean> {
  const page = await callDynamodb(dynamodb, 'Scan', { TableName: LIVE_TABLE, Select: 'COUNT' });
  const [rows] = await connection.query(
    `SELECT COUNT(*) AS found, SUM(items) AS items FROM ${databases.report}.baskets`,
  );
  const [{ found, items } = {}] = rows as { found?: number; items?: string }[];
  say(
    `\n  ${count(changes)} changes followed: ${count(Number(page['Count']))} baskets in DynamoDB, ${count(Number(found))} in the report, ${count(Number(items))} things in them.`,
  );
  return Number(found) === Number(page['Count']);
}
