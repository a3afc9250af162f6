import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startHttpProxy } from '../../../test/faults/http-proxy.js';
import {
  type AuroraRequest,
  auroraOfFile,
  CLUSTER_ROLE,
  type TestAurora,
  testAurora,
} from '../../../test/fixtures/aurora.js';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { column, planSink, type SinkRequest } from '../../../test/fixtures/mysql-sink.js';

let database: TestDatabase;
const aurora = auroraOfFile();
beforeAll(async () => {
  database = await testDatabase('from_s3');
});
afterAll(() => database.drop());
beforeEach(() =>
  database.execute(`
    DROP TABLE IF EXISTS t, sluice_ledger;
    CREATE TABLE t (id INT PRIMARY KEY, code INT UNIQUE, name VARCHAR(20), CHECK (id % 100 <> 7))`),
);

const columns = [column('id', 'int'), column('code', 'int'), column('name', 'text')];
const rows = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => [String(first + index), String(first + index), 'é"\\\n']);
const ids = async () => (await database.query('SELECT id FROM t ORDER BY id')).map(([id]) => Number(id));

function open(options: object = {}, more: Partial<SinkRequest> = {}) {
  const { connection } = aurora();
  const wanted = { table: 't', mode: 'append', ...options };
  return planSink(database, { options: wanted, columns, key: ['id'], connection, ...more });
}

describe('a load from S3', () => {
  it('takes what the server takes, finds each row that it does not, and leaves no object', async () => {
    const sink = await open();
    await sink.write([['1000', '5', 'met']]);
    const loads = aurora().proxy.count(/^LOAD DATA/);
    const outcome = await sink.write(rows(0, 300));
    const expected = [[5, 'unique_clash'], ...[7, 107, 207].map((id) => [id, 'check_violated'])];
    expect(outcome.rejects.map(({ row, code }) => [row, code])).toEqual(expected);
    expect(outcome).toMatchObject({ written: 296, unchanged: 0 });
    expect(await ids()).toHaveLength(297);
    expect(await aurora().keys()).toEqual([]);
    expect(aurora().proxy.count(/^LOAD DATA FROM S3 's3-[a-z0-9-]+:/) - loads).toBeGreaterThan(1);
    expect(aurora().proxy.count(/^LOAD DATA LOCAL/)).toBe(0);
    await sink.close();
  });

  it('is in the transaction of its ledger row, so that a resumed run writes nothing twice', async () => {
    const context = { run: 'one' };
    const first = await open({}, { context });
    await first.write(rows(0, 5), '0.0');
    await first.close();
    const resumed = await open({}, { context, resume: true });
    await resumed.writer();
    expect(await resumed.sink.recorded?.(['0.0', '0.1'])).toEqual(
      new Map([['0.0', { written: 5, unchanged: 0, rejected: 0, units: 0 }]]),
    );
    expect(await resumed.write(rows(0, 5), '0.0')).toMatchObject({ written: 5, rejects: [] });
    expect(await ids()).toHaveLength(5);
    await resumed.close();
  });

  it('mirrors a table, whose keys go the same way', async () => {
    await database.execute("INSERT INTO t VALUES (1, 1, 'old'), (900, 900, 'gone')");
    const sink = await open({ mode: 'mirror', deletes: { limit: '100%' } });
    expect(await sink.write(rows(0, 5))).toMatchObject({ written: 5 });
    expect(await sink.finish()).toMatchObject({ deleted: 1 });
    expect(await ids()).toEqual([0, 1, 2, 3, 4]);
    await sink.close();
  });

  it('whose object is gone is made again with another: that is no row’s fault', async () => {
    const { proxy, s3, bucket, keys } = aurora();
    const sink = await open();
    let removed = 0;
    proxy.watch(async (moment, { statement }) => {
      if (moment !== 'before' || removed > 1 || !statement.startsWith('LOAD DATA FROM S3')) return;
      for (const key of await keys()) await s3.remove(bucket, key);
      removed++;
    });
    expect(await sink.write(rows(0, 1))).toMatchObject({ written: 1, rejects: [] });
    proxy.watch(undefined);
    expect(removed).toBe(2);
    expect(await ids()).toEqual([0]);
    await sink.close();
  });

  it('waits for its object to be removed; where it cannot be, it is complete, and the end of the step removes it', async () => {
    const { s3, bucket, keys } = aurora();
    const proxy = await startHttpProxy(s3.endpoint);
    const loadFrom = { bucket, region: s3.region, endpoint: proxy.endpoint };
    const sink = await open({}, { connection: { ...aurora().connection, loadFrom } });
    proxy.plan.use([{ on: /Delete/, fault: { kind: 'slow', ms: 500 }, times: 1 }]);
    await sink.write(rows(10, 1));
    expect(await keys()).toEqual([]);
    proxy.plan.use([
      { on: /Delete/, fault: { kind: 'error', status: 503, type: 'ServiceUnavailable' }, times: 1 },
    ]);
    expect(await sink.write(rows(0, 5))).toMatchObject({ written: 5 });
    const [left = '', ...more] = await keys();
    expect([left, more]).toEqual([
      expect.stringMatching(new RegExp(`^sluice/[\\w-]+/[\\w-]+/${sink.context.context.run}/[0-9a-f]{24}$`)),
      [],
    ]);
    // Another step's, and another run's.
    const other = left.replace(/[0-9a-f]+$/, 'x');
    const [theirs, before] = [`sluice/other/s/r/x`, other.replace(sink.context.context.run, 'before')];
    for (const key of [theirs, before]) await s3.put(bucket, key, '1,2,3\n');
    await sink.finish();
    expect(await keys()).toEqual([theirs]);
    await s3.remove(bucket, theirs);
    await sink.close();
    await proxy.stop();
  });
});

describe('a plan that loads from S3', () => {
  const cases: readonly (readonly [string, AuroraRequest, object, object])[] = [
    [
      'whose user lacks the role is refused',
      { granted: false },
      {},
      { code: 'access_denied', message: /AWS_LOAD_S3_ACCESS/, hint: /^GRANT AWS_LOAD_S3_ACCESS TO/ },
    ],
    [
      'whose user lacks the privilege of version 2 is refused',
      { granted: false, version: '2.11.6' },
      {},
      { code: 'access_denied', message: /LOAD FROM S3/, hint: /^GRANT LOAD FROM S3 ON \*\.\* TO/ },
    ],
    [
      'whose cluster has no role is refused',
      { clusterRole: '' },
      {},
      { code: 'unsupported', message: /aws_default_s3_role is not set/, hint: /associate/ },
    ],
    [
      'whose cluster of version 2 has no role is refused',
      { clusterRole: '', version: '2.11.6' },
      {},
      { code: 'unsupported', message: /aurora_load_from_s3_role and aws_default_s3_role are not set/ },
    ],
    [
      'whose bucket is missing is refused',
      {},
      { bucket: 'no-such-bucket' },
      { code: 'bucket_missing', message: /no-such-bucket does not exist/, path: 'loadFrom.bucket' },
    ],
  ];
  it.each(cases)('%s', async (_, request, more, finding) => {
    const cluster = await testAurora(request);
    const { plan, close } = await planAt(cluster, more);
    await close();
    const refused = plan.findings.filter(({ level }) => level === 'refuse');
    const matched = Object.fromEntries(
      Object.entries(finding).map(([field, value]) => [
        field,
        value instanceof RegExp ? expect.stringMatching(value) : value,
      ]),
    );
    expect(refused).toEqual([expect.objectContaining(matched)]);
    await cluster.stop();
  });

  it('of a server that is not Aurora is refused', async () => {
    const { connection } = aurora();
    const plain = { ...connection, port: database.connection.port };
    const { plan, close } = await open({}, { connection: plain });
    expect(plan.findings.at(-1)).toMatchObject({
      level: 'refuse',
      code: 'unsupported',
      message: expect.stringContaining('not Aurora'),
    });
    await close();
  });

  it('says how rows go, and what the caller, the user and the cluster need', async () => {
    const { plan, close } = await open();
    await close();
    const { bucket } = aurora();
    const folder = `arn:aws:s3:::${bucket}/sluice/contract/copy/*`;
    expect(plan.findings).toContainEqual(
      expect.objectContaining({ level: 'note', message: expect.stringContaining('below s3://') }),
    );
    const needed = plan.permissions.filter(({ action }) => /^s3:|S3/.test(action));
    expect(needed.map(({ action, resource, by }) => [action, resource, by ?? ''])).toEqual([
      ['s3:PutObject', folder, ''],
      ['s3:DeleteObject', folder, ''],
      ['s3:ListBucket', `arn:aws:s3:::${bucket}`, ''],
      ['AWS_LOAD_S3_ACCESS', 'LOAD DATA FROM S3', ''],
      ['s3:GetObject', folder, CLUSTER_ROLE],
      ['s3:GetObjectVersion', folder, CLUSTER_ROLE],
      ['s3:ListBucket', `arn:aws:s3:::${bucket}`, CLUSTER_ROLE],
    ]);
  });

  it('of version 2 needs the privilege, and no role of a session', async () => {
    const cluster = await testAurora({ version: '2.11.6' });
    const sink = await planAt(cluster);
    expect(sink.plan.findings.filter(({ level }) => level === 'refuse')).toEqual([]);
    expect(sink.plan.permissions).toContainEqual(
      expect.objectContaining({ action: 'LOAD FROM S3', grantOn: '*.*' }),
    );
    await sink.write(rows(0, 3));
    expect(cluster.proxy.count(/^SET ROLE/)).toBe(0);
    expect(await ids()).toHaveLength(3);
    await sink.close();
    await cluster.stop();
  });
});

function planAt({ connection }: TestAurora, more: object = {}) {
  const loadFrom = { ...connection.loadFrom, ...more };
  return open({}, { connection: { ...connection, loadFrom } });
}
