/**
 * Hands canned changes to the MySQL sink, as a replicating run does: `node bench/change-loader.mjs JOB`, JOB being JSON
 * with `connection`, `table`, `mode` and `rows`. Prints JSON: rows written, seconds in the sink's own hands. Changes are made
 * between the batches, one batch at a time, which is not counted.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { keepHeapSmall } from '../.local/compiled/cli/heap.js';
import { registry } from '../.local/compiled/connectors/registry.js';
import { itemTextOf } from './rows.mjs';

const FIRST_SEQUENCE = 100_000_000_000_000_000_000_000n;
const names = ['id', 'customer_id', 'status', 'total', 'quantity', 'email', 'created_at', 'note'];
const columns = Object.freeze(
  names.map((name) => Object.freeze({ name, type: /** @type {const} */ ('attribute'), nullable: true })),
);

/** @typedef {{ connection: object, table: string, mode: 'append' | 'mirror', rows: number }} Job */

keepHeapSmall('following');
/** @type {Job} */
const job = JSON.parse(process.argv[2] ?? '');
const scratch = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
try {
  process.stdout.write(JSON.stringify(await load(job)));
} finally {
  await rm(scratch, { recursive: true, force: true });
}

/** @param {Job} job */
async function load({ connection, table, mode, rows }) {
  const { load: loaded, connection: connectionSchema, sink: sinkSchema } = registry.mysql;
  const connector = await loaded();
  const context = contextOf();
  const connected = connector.connect(/** @type {object} */ (connectionSchema.parse(connection)), context);
  const options = /** @type {object} */ (sinkSchema.parse({ connection: 'shop', table, mode }));
  const sink = connected.sink(options, context);
  const plan = await sink.plan({ columns, open: true, key: ['id'], changes: true });
  const refused = plan.findings.filter(({ level }) => level === 'refuse');
  if (refused.length > 0) throw new Error(JSON.stringify(refused));
  await sink.open({ resume: false });
  const writer = await sink.writer();
  let written = 0;
  let seconds = 0;
  for (let first = 1; first <= rows; first += plan.batch.rows) {
    const batch = batchOf(first, Math.min(plan.batch.rows, rows - first + 1));
    const started = performance.now();
    written += (await writer.write(batch, `load.${first}`)).written;
    seconds += (performance.now() - started) / 1000;
  }
  await writer.close();
  await sink.finish({ rejected: 0 });
  await sink.close();
  await connected.close();
  return { rows: written, seconds };
}

/**
 * @param {number} first
 * @param {number} count
 */
function batchOf(first, count) {
  const ids = Array.from({ length: count }, (_, index) => first + index);
  const rows = ids.map((id) => {
    const item = JSON.parse(itemTextOf(id));
    return names.map((name) => item[name]);
  });
  const changes = ids.map((id) => ({
    event: /** @type {const} */ ('insert'),
    sequence: String(FIRST_SEQUENCE + BigInt(id)),
    changedAt: '2026-11-21T06:00:00Z',
    receivedAt: '2026-11-21T06:00:01.000Z',
  }));
  return { columns, rows, bytes: 400 * count, changes };
}

/** @returns {import('../.local/compiled/connectors/connector.js').Context} */
function contextOf() {
  const now = new Date().toISOString();
  return {
    signal: new AbortController().signal,
    env: process.env,
    retry: (call) => call(),
    paceRead: async () => undefined,
    scratch,
    pipeline: 'bench',
    run: `bench-${process.pid}`,
    firing: { time: now, localTime: now.slice(0, -1) },
    step: 'changes',
  };
}
