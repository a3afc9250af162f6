import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SluiceError } from '../errors.js';
import { exportPipeline, exportShop } from './demo/exports.js';
import { followBaskets, LIVE_TABLE, livePipeline } from './demo/follow.js';
import { count, seconds, tableLines } from './demo/paper.js';
import { shortPlan } from './demo/plan.js';
import { PROGRAM, Program } from './demo/program.js';
import { type Proof, type ProofSubject, prove } from './demo/proof.js';
import { SAMPLE_TABLE, samplePipeline, takeSample } from './demo/sample.js';
import { type DemoServers, startServers } from './demo/servers.js';
import { createShop, type ShopTableName, shopSchema } from './shop.js';

const pipeline = join('examples', 'orders-nightly.yaml');

const shopTables: readonly ShopTableName[] = ['orders', 'customers'];
const subjects: readonly ProofSubject[] = [
  { table: 'orders', stage: 'shop-orders' },
  { table: 'customers', stage: 'shop-customers' },
];

const signals = ['SIGINT', 'SIGTERM'] as const;
const INTERRUPTED = 130;

/**
 * `npm start`: a shop goes MySQL → DynamoDB → MySQL by the program itself, and both ends are compared by the servers'
 * own means; then a sample of it is taken, at a pace, masked, and through a queue; then changes are followed; then it becomes Parquet, which DuckDB reads. `--orders N` makes a shop of another size; `--keep` leaves the servers running until Ctrl-C. Gives the
 * exit status: 0 only if everything is equal.
 */
export async function demo(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { orders: { type: 'string', default: '100000' }, keep: { type: 'boolean', default: false } },
  });
  const orders = Number(values.orders);
  if (!Number.isInteger(orders) || orders < 100) {
    throw new SluiceError('usage', '--orders takes a whole number, at least 100');
  }
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  for (const signal of signals) process.on(signal, stop);
  try {
    return await show(orders, values.keep, stopped.signal);
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}

async function show(orders: number, keep: boolean, stopped: AbortSignal): Promise<number> {
  const started = Date.now();
  say('Starting a private MySQL server, a private DynamoDB engine and a queue …');
  const servers = await startServers([...subjects.map(({ stage }) => stage), SAMPLE_TABLE, LIVE_TABLE]);
  const state = await mkdtemp(join(tmpdir(), 'sluice-demo-'));
  const program = new Program({ ...servers.env, EXPORTS_FOLDER: join(state, 'exports') }, stopped);
  try {
    say(
      `  up in ${seconds(started)}: ${servers.mysql.host}:${servers.mysql.port}, ${servers.dynamodb.endpoint}`,
    );
    const equal = await unlessStopped(stopped, () => moveAndProve(servers, program, orders, state));
    say(`\nAll of it took ${seconds(started)}.`);
    if (equal && keep) await wait(servers, stopped);
    else if (equal) say(whereNext);
    return equal ? 0 : 1;
  } catch (error) {
    if (stopped.aborted) return INTERRUPTED;
    throw error;
  } finally {
    await program.ended();
    await servers.remove();
    await rm(state, { recursive: true, force: true });
  }
}

/** Does not wait for the work once the demo is stopped: what it works on is taken away. */
async function unlessStopped<T>(stopped: AbortSignal, work: () => Promise<T>): Promise<T> {
  stopped.throwIfAborted();
  const abort = new Promise<never>((_, reject) => {
    stopped.addEventListener('abort', () => reject(stopped.reason), { once: true });
  });
  return await Promise.race([work(), abort]);
}

async function moveAndProve(
  servers: DemoServers,
  program: Program,
  orders: number,
  state: string,
): Promise<boolean> {
  await makeShop(servers, orders);

  say(`\n$ sluice plan ${pipeline}      (in short)\n`);
  const plan = await program.run(['plan', pipeline, '--json'], 'kept');
  for (const line of shortPlan(plan.stdout)) say(`  ${line}`);
  if (plan.status !== 0) return failed('plan', plan.status);

  say(`\n$ sluice run ${pipeline}\n`);
  const run = await program.run(['run', pipeline, '--state', state], 'terminal');
  if (run.status !== 0) return failed('run', run.status);

  const proofs: Proof[] = [];
  for (const subject of subjects) {
    proofs.push(await prove(servers.connection, servers.databases, servers.dynamodb, subject));
  }
  sayProofs(proofs);
  if (!proofs.every((proof) => proof.equal)) return false;
  return (
    (await takeSample(servers, program, state, say)) &&
    (await followBaskets(servers, program, state, say)) &&
    (await exportShop(servers, program, state, say))
  );
}

function failed(command: string, status: number): false {
  say(`\nsluice ${command} ended with exit status ${status}.`);
  return false;
}

async function makeShop({ connection, databases }: DemoServers, orders: number): Promise<void> {
  const started = Date.now();
  say(`Making a shop of ${count(orders)} orders: every MySQL column type at its borders, hostile texts …`);
  await connection.query(`USE ${databases.report}`);
  for (const statement of shopSchema(shopTables)) await connection.query(statement);
  await connection.query(`USE ${databases.shop}`);
  await createShop(connection, { orders, tables: shopTables });
  say(`  made in ${seconds(started)}`);
}

function sayProofs(proofs: readonly Proof[]): void {
  say('\nProved by the servers themselves, not by Sluice:\n');
  const heading = ['table', 'shop', 'DynamoDB', 'report', 'CHECKSUM TABLE shop', 'CHECKSUM TABLE report', ''];
  const lines = proofs.map(({ table, rows, items, reported, checksums, equal }) => [
    table,
    count(rows),
    count(items),
    count(reported),
    ...checksums,
    equal ? 'equal' : 'DIFFERENT',
  ]);
  for (const line of tableLines([heading, ...lines])) say(`  ${line}`);
}

async function wait(servers: DemoServers, stopped: AbortSignal): Promise<void> {
  say('\nThe servers stay up until Ctrl-C. In another terminal, in this folder:\n');
  for (const [name, value] of Object.entries(servers.env)) say(`  export ${name}='${value}'`);
  say(`  node ${PROGRAM} plan ${pipeline}`);
  const alive = setInterval(() => undefined, 60_000);
  await new Promise((resolve) => stopped.addEventListener('abort', resolve, { once: true }));
  clearInterval(alive);
}

const whereNext = `
Where next
  npm start -- --keep                  the same, and the servers stay up for you to try things
  ${pipeline}         the files that were just run
  ${samplePipeline}
  ${livePipeline}
  ${exportPipeline}
  node ${PROGRAM} plan FILE     what a file would do, column by column; writes nothing
  node ${PROGRAM} init batch    a file of your own to start from
  README.md, ARCHITECTURE.md           what Sluice promises, and how it is built`;

function say(line: string): void {
  console.log(line);
}
