/** Copies into files are killed at moments of their talk and of their work on disk, and run again. */
import { link, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { project } from '../fixtures/cli.js';
import { type TestMoto, testMoto } from '../fixtures/moto.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { needsServer } from '../fixtures/servers.js';
import { bucketContent, bucketListing, putContent } from './bucket-content.js';
import { type DiskMoments, diskMoments } from './disk-moments.js';
import type { Place } from './export-look.js';
import { observed } from './export-observer.js';
import { exportedRows } from './exported-rows.js';
import { type HttpProxy, startHttpProxy } from './http-proxy.js';
import { type Scenario, sweep, type Wire } from './kill-sweep.js';
import { type MysqlProxy, startMysqlProxy } from './mysql-proxy.js';
import { sweepExtent } from './sweep-extent.js';

needsServer('mysql');
needsServer('moto');

const extent = sweepExtent(2);
/** Of sweeps whose moments take longer. */
const single = sweepExtent(1);
const ROWS = 5_000;

let database: TestDatabase;
let mysql: MysqlProxy;
let moto: TestMoto;
let s3: HttpProxy;
let disk: DiskMoments;
let folder: string;

beforeAll(async () => {
  database = await testDatabase('killfiles');
  mysql = await startMysqlProxy(inject('mysql'));
  moto = await testMoto();
  s3 = await startHttpProxy(moto.endpoint);
  folder = await mkdtemp(join(tmpdir(), 'sluice-files-'));
  disk = await diskMoments(/sluice-files-|\/scratch\//);
  await database.execute(`
    CREATE TABLE orders (id INT PRIMARY KEY, v VARCHAR(80) NOT NULL);
    INSERT INTO orders SELECT seq, CONCAT('value ', seq, REPEAT('x', 60)) FROM seq_1_to_${ROWS};
    CREATE TABLE large (id INT PRIMARY KEY, v LONGTEXT NOT NULL);
    INSERT INTO large SELECT seq, REPEAT('v', 1048576) FROM seq_1_to_18`);
});
afterAll(async () => {
  await Promise.all([mysql?.stop(), s3?.stop(), disk?.remove()]);
  await Promise.all([moto?.stop(), database?.drop()]);
  await rm(folder, { recursive: true, force: true });
});

/** From MySQL into the connection, files of which there are some. */
function declaration(out: object, table = 'orders'): object {
  const { host, port } = mysql;
  const format = table === 'orders' ? { format: 'parquet' } : { format: 'csv', compression: 'none' };
  return {
    pipeline: 'sweep',
    connections: { shop: { ...database.connection, host, port }, out },
    steps: [
      {
        copy: 'orders',
        from: { connection: 'shop', table },
        to: { connection: 'out', table, ...format },
      },
    ],
  };
}

async function publish(out: object, table?: string): Promise<void> {
  const made = await project(declaration(out, table));
  try {
    await made.run();
  } finally {
    await made.remove();
  }
}

/** Links, so that times and sizes stay: nobody writes into a file that is there. */
async function linkAll(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const copy = join(to, path.slice(from.length));
    await mkdir(dirname(copy), { recursive: true });
    await link(path, copy);
  }
}

const runs = /\b\d{8}t[^/]*/;

async function intoFolder(): Promise<Scenario> {
  const [live, kept] = [join(folder, 'live'), join(folder, 'kept')];
  const out = { kind: 'files', path: live };
  await publish(out);
  await linkAll(live, kept);
  const place: Place = { kind: 'folder', path: join(live, 'orders') };
  return {
    declaration: declaration(out),
    reset: async () => {
      await rm(live, { recursive: true, force: true });
      await linkAll(kept, live);
    },
    dump: async () => [
      await exportedRows(place),
      (await readdir(live, { recursive: true })).map((name) => name.replace(runs, 'RUN')).sort(),
    ],
    observe: () => observed(place),
  };
}

async function intoBucket(table: 'orders' | 'large'): Promise<Scenario> {
  const bucket = await moto.bucket();
  const out = { kind: 's3', bucket, prefix: 'lake/', region: moto.region, endpoint: s3.endpoint };
  const neighbours = [`lake/${table}-old/LATEST.json`, `lake2/${table}/x`];
  await putContent(moto, bucket, new Map(neighbours.map((key) => [key, Buffer.from(key)])));
  await publish(out, table);
  const kept = await bucketContent(moto, bucket);
  const place: Place = { kind: 's3', endpoint: moto.endpoint, bucket, prefix: `lake/${table}/` };
  return {
    declaration: declaration(out, table),
    reset: () => putContent(moto, bucket, kept),
    dump: async () => {
      const { sizes, uploads } = await bucketListing(moto, bucket);
      return [
        table === 'orders' ? await exportedRows(place) : textSizes(sizes),
        [...sizes.keys()].map((key) => key.replace(runs, 'RUN')),
        uploads,
      ];
    },
    observe: () => observed(place),
  };
}

function textSizes(sizes: ReadonlyMap<string, number>): number[] {
  return [...sizes].filter(([key]) => key.endsWith('.csv')).map(([, bytes]) => bytes);
}

async function swept(scenario: Scenario, wire: Wire, only?: RegExp): Promise<void> {
  const result = await sweep(scenario, wire, only ? single : extent, only);
  expect(result.failures).toEqual([]);
  expect(result.killed).toBeGreaterThanOrEqual(result.tried / 2);
}

test('killed at any moment of its work on disk and run again, a copy into a folder leaves one whole export', async () => {
  await swept(await intoFolder(), { disk });
}, 7_200_000);

test('killed at any moment of its talk and run again, a copy into a bucket leaves one whole export', async () => {
  await swept(
    await intoBucket('orders'),
    { mysql, s3 },
    extent.isWhole ? undefined : /PutObject|DeleteObjects/,
  );
}, 7_200_000);

test('killed at any moment of an upload in parts and run again, a copy leaves no part of it behind', async () => {
  const before = s3.count('UploadPart');
  await swept(await intoBucket('large'), { s3 }, /UploadPart|MultipartUpload/);
  expect(s3.count('UploadPart') - before).toBeGreaterThanOrEqual(6);
}, 7_200_000);
