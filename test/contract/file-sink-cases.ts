import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '../../src/connectors/connector.js';
import type { Latest } from '../../src/connectors/manifest.js';
import { registry } from '../../src/connectors/registry.js';
import type { Store } from '../../src/connectors/store.js';
import type { Row } from '../../src/values/cell.js';
import { type TestContext, testContext } from '../fixtures/context.js';
import { duckdbRows, parquetList } from '../fixtures/file-sink.js';
import { testS3 } from '../fixtures/s3.js';
import { bytesOf } from '../fixtures/stores.js';
import { CANARY, type OpenedSink, type SinkCase } from './cases.js';
import { batchOf, goodRow, ids, incoming } from './incoming.js';

type Format = 'parquet' | 'csv' | 'jsonl';

/** A connection to an empty place. */
interface Place {
  readonly connection: Connection;
  close(): Promise<void>;
}

async function folderPlace(context: TestContext): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-contract-'));
  const options = registry.files.connection.parse({ kind: 'files', path: folder });
  const connection = (await registry.files.load()).connect(options, context.context);
  return { connection, close: () => rm(folder, { recursive: true, force: true }) };
}

async function bucketPlace(context: TestContext): Promise<Place> {
  const s3 = await testS3();
  const { endpoint, region } = s3;
  const bucket = await s3.bucket();
  const options = registry.s3.connection.parse({ kind: 's3', bucket, prefix: 'lake/', region, endpoint });
  const connection = (await registry.s3.load()).connect(options, context.context);
  return { connection, close: () => s3.stop() };
}

/** Half of a surrogate pair, which UTF-8 does not have; JSON has an escape for it. */
function halfCharacter(id: number): Row {
  const row = goodRow(id);
  row[1] = `${CANARY} \ud800`;
  return row;
}

function sink(
  name: string,
  format: Format,
  place: (context: TestContext) => Promise<Place>,
  free = false,
): SinkCase {
  return {
    name,
    met: 'overwritten',
    others: 'deleted',
    bad: format === 'jsonl' ? 'none' : halfCharacter,
    keyless: true,
    ...(free ? { free } : {}),
    open: async (existing) => {
      const context = await testContext({ lasting: true });
      const { connection, close } = await place(context);
      const store = connection.store?.(context.context);
      if (!store) throw new Error('a place of files has a store');
      const options = registry.files.sink.parse({ connection: 'c', table: 't', format });
      const opened: OpenedSink = {
        connection,
        context,
        options,
        stored: () => stored(store, format),
        tables: () => debris(store),
        fingerprint: () => fingerprint(store),
        close: async () => {
          await store.close();
          await connection.close();
          await close();
          await context.close();
        },
      };
      await exportBefore(opened, existing);
      return opened;
    },
  };
}

/** An export of an earlier run, with rows whose label is `before`. */
async function exportBefore({ connection, options, context }: OpenedSink, rows: number): Promise<void> {
  if (rows === 0) return;
  const run = await testContext({ run: 'before' });
  const { pipeline, step } = context.context;
  const sink = connection.sink(options, { ...run.context, pipeline, step });
  await sink.plan(incoming);
  await sink.open({ resume: false });
  const writer = await sink.writer();
  const before = ids(0, rows).map((id) => goodRow(id).map((cell, at) => (at === 1 ? 'before' : cell)));
  await writer.write(batchOf(before), '0.0');
  await writer.close();
  await sink.finish({ rejected: 0 });
  await sink.close();
  await run.close();
}

async function latestOf(store: Store): Promise<Latest | undefined> {
  const found = await store.readText('t/LATEST.json');
  return found && JSON.parse(found.text);
}

const readers: Readonly<Record<Format, (paths: readonly string[]) => string>> = {
  parquet: (paths) => `read_parquet(${parquetList(paths)})`,
  csv: (paths) => `read_csv(${parquetList(paths)}, header = true, all_varchar = true, auto_detect = false,
    columns = {${incoming.columns.map(({ name }) => `'${name}': 'VARCHAR'`).join(', ')}}, quote = '"', escape = '"')`,
  jsonl: (paths) => `read_json(${parquetList(paths)}, format = 'newline_delimited',
    columns = {'id': 'BIGINT', 'label': 'VARCHAR'})`,
};

/** What a reader of LATEST.json finds, read by DuckDB. */
async function stored(store: Store, format: Format): Promise<{ ids: number[]; labels: Map<number, string> }> {
  const files = (await latestOf(store))?.tables.flatMap((table) => table.files) ?? [];
  const folder = await mkdtemp(join(tmpdir(), 'sluice-read-'));
  try {
    const paths = files.map((_, index) => join(folder, `${index}.${format}`));
    for (const [index, { name }] of files.entries()) {
      await writeFile(paths[index] ?? '', (await bytesOf(await store.open(`t/${name}`))) ?? '');
    }
    if (paths.length === 0) return { ids: [], labels: new Map() };
    const rows = await duckdbRows(`SELECT id::BIGINT, label FROM ${readers[format](paths)} ORDER BY 1`);
    const labels = new Map(rows.map(([id, label]) => [Number(id), String(label)]));
    return { ids: rows.map(([id]) => Number(id)), labels };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The folder, and whatever lies there that no manifest names. */
async function debris(store: Store): Promise<string[]> {
  const latest = await latestOf(store);
  const known = new Set([
    't/LATEST.json',
    `t/${latest?.export}/manifest.json`,
    ...(latest?.tables.flatMap(({ files }) => files.map(({ name }) => `t/${name}`)) ?? []),
  ]);
  const names: string[] = [];
  for await (const { name } of store.list('')) if (!known.has(name)) names.push(name);
  return names;
}

async function fingerprint(store: Store): Promise<string> {
  const all = createHash('sha256');
  for await (const { name } of store.list('')) {
    all.update(`${name}\n`);
    all.update((await bytesOf(await store.open(name))) ?? '');
  }
  return all.digest('hex');
}

export const folderSinks: readonly SinkCase[] = [
  sink('Parquet in a folder', 'parquet', folderPlace, true),
  sink('CSV in a folder', 'csv', folderPlace, true),
  sink('JSON Lines in a folder', 'jsonl', folderPlace, true),
];

export const bucketSinks: readonly SinkCase[] = [sink('Parquet in a bucket', 'parquet', bucketPlace)];
