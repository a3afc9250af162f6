/**
 * An account with a database, snapshots and a bucket, where an earlier export lies published, among things that are not the
 * pipeline's. It can be put back to how it was.
 */
import { project } from '../fixtures/cli.js';
import { type ExportScript, type ExportService, startExportService } from '../fixtures/export-service.js';
import { callAws, type TestMoto, testMoto } from '../fixtures/moto.js';
import {
  type BucketContent,
  bucketContent,
  bucketListing,
  putContent,
  readObject,
} from './bucket-content.js';
import { clockArrangement } from './clock-jump.js';
import type { Place } from './export-look.js';
import { type HttpProxy, startHttpProxy } from './http-proxy.js';

export interface ExportAccount {
  readonly moto: TestMoto;
  readonly service: ExportService;
  readonly rds: HttpProxy;
  readonly s3: HttpProxy;
  readonly bucket: string;
  /** Where LATEST.json lies, for a reader who does not go through the faults. */
  readonly place: Place;
  /** The pipeline, with more of its step: with `direct` of the cluster, else of the instance. */
  declaration(step?: object): object;
  /** What is there now is what `reset` puts back; before it, an empty bucket and a database. */
  keep(): Promise<void>;
  reset(script: ExportScript): Promise<void>;
  /** What the account holds, without the names that depend on the time. */
  dump(): Promise<AccountContent>;
  stop(): Promise<void>;
}

export interface AccountContent {
  /** What LATEST.json lists: names within the export, and bytes. */
  readonly latest: readonly string[];
  /** How many folders of exports there are, and what else lies below the prefix. */
  readonly folders: number;
  readonly leftovers: readonly string[];
  /** What lies beside the prefix. */
  readonly siblings: readonly string[];
  readonly uploads: readonly string[];
  /** How many snapshots have the pipeline's tag, and the names of all others. */
  readonly ours: number;
  readonly others: readonly string[];
}

const PREFIX = 'exports/';
const REGION = 'eu-west-1';
const ACCOUNT = '123456789012';
const PIPELINE = 'nightly';
const CLUSTER = 'aurora';

/** What is nobody's but its owners': beside the prefix, and below it. */
const strangers: readonly (readonly [key: string, text: string])[] = [
  ['exports-old/LATEST.json', '{"old":true}'],
  ['exports-old/shop/part-0.parquet', 'old rows'],
  ['exports2/nightly-2026-01-01-00-00/part.parquet', 'rows of others'],
  ['exports', 'an object with the name of the prefix'],
  ['exports/readme.txt', 'written by hand'],
  ['exports/nightly-by-hand/part.parquet', 'rows of somebody'],
];

interface Snapshot {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Somebody's, that is being created as long as anybody looks. */
const UNFINISHED = 'before-the-migration';

/** Snapshots with names like ours: without a tag, with another pipeline's, of another database. */
const othersSnapshots: readonly Snapshot[] = [
  { name: 'nightly-2026-01-01-00-00', tags: {} },
  { name: 'nightly-2026-01-02-00-00', tags: { 'sluice:pipeline': 'weekly', 'sluice:step': 'nightly' } },
  { name: UNFINISHED, tags: { team: 'shop' } },
];

interface Kept {
  readonly content: BucketContent;
  readonly snapshots: readonly Snapshot[];
}

export async function exportAccount(script: ExportScript): Promise<ExportAccount> {
  const moto = await testMoto();
  const service = await startExportService(moto.endpoint, script);
  const [rds, s3] = [await startHttpProxy(service.endpoint), await startHttpProxy(moto.endpoint)];
  const bucket = 'lake';
  let kept: Kept = {
    content: new Map(strangers.map(([key, text]) => [key, Buffer.from(text)])),
    snapshots: othersSnapshots,
  };
  const account: ExportAccount = {
    moto,
    service,
    rds,
    s3,
    bucket,
    place: { kind: 's3', endpoint: moto.endpoint, bucket, prefix: PREFIX },
    declaration: (step = {}) => declarationFor(rds, s3, bucket, step),
    keep: async () => {
      kept = await present(moto, bucket);
    },
    reset: async (next) => {
      service.use(next);
      await rebuild(moto, bucket, kept);
      service.hold(UNFINISHED);
    },
    dump: () => stateOf(moto, bucket),
    stop: async () => {
      await Promise.all([rds.stop(), s3.stop(), service.stop()]);
      await moto.stop();
    },
  };
  await account.reset(script);
  return account;
}

/**
 * Runs the pipeline once, undisturbed: what it publishes is there whenever the account is put back. Its clock is a day behind, so
 * that no name of it is one of a run that is watched: all of those make the same calls.
 */
export async function publishEarlier(account: ExportAccount, step?: object): Promise<void> {
  const made = await project(account.declaration(step));
  const yesterday = await clockArrangement(-24, 'from the start');
  try {
    await made.run(0, yesterday.env);
  } finally {
    await Promise.all([made.remove(), yesterday.remove()]);
  }
  await account.keep();
}

function declarationFor(rds: HttpProxy, s3: HttpProxy, bucket: string, step: object): object {
  const place = { region: REGION };
  const database = 'direct' in step ? { cluster: CLUSTER } : { instance: 'shop' };
  return {
    pipeline: PIPELINE,
    connections: {
      prod: { kind: 'rds', ...database, endpoint: rds.endpoint, ...place },
      lake: { kind: 's3', bucket, prefix: PREFIX, endpoint: s3.endpoint, ...place },
    },
    steps: [
      {
        export: 'nightly',
        from: { connection: 'prod' },
        to: {
          connection: 'lake',
          kmsKey: `arn:aws:kms:${REGION}:${ACCOUNT}:alias/export`,
          role: `arn:aws:iam::${ACCOUNT}:role/export`,
        },
        keep: { exports: 1, snapshots: 1 },
        poll: { seconds: 0.05 },
        ...step,
      },
    ],
  };
}

/** An account from nothing. Objects come back with the same bytes, and so the same versions. */
async function rebuild(moto: TestMoto, bucket: string, { content, snapshots }: Kept): Promise<void> {
  await fetch(`${moto.endpoint}/moto-api/reset`, { method: 'POST' });
  await makeKeyAndRole(moto);
  for (const name of ['shop', 'other']) await makeInstance(moto, name);
  await moto.rds('CreateDBCluster', {
    DBClusterIdentifier: CLUSTER,
    Engine: 'aurora-mysql',
    MasterUsername: 'app',
    MasterUserPassword: 'not-a-secret',
  });
  await Promise.all([
    ...snapshots.map(({ name, tags }) => makeSnapshot(moto, 'shop', name, tags)),
    makeSnapshot(moto, 'other', 'nightly-2026-01-03-00-00', {}),
    moto.bucket(bucket),
  ]);
  await putContent(moto, bucket, content);
}

async function makeKeyAndRole(moto: TestMoto): Promise<void> {
  const kms = async (action: string, body: object) => {
    const headers = {
      'x-amz-target': `TrentService.${action}`,
      'content-type': 'application/x-amz-json-1.1',
    };
    const response = await callAws(moto.endpoint, 'kms', {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    return (await response.text()) || '{}';
  };
  const made = JSON.parse(await kms('CreateKey', { KeyUsage: 'ENCRYPT_DECRYPT' })) as {
    KeyMetadata: { KeyId: string };
  };
  await kms('CreateAlias', { AliasName: 'alias/export', TargetKeyId: made.KeyMetadata.KeyId });
  const statement = {
    Effect: 'Allow',
    Principal: { Service: 'export.rds.amazonaws.com' },
    Action: 'sts:AssumeRole',
  };
  const body = new URLSearchParams({
    Action: 'CreateRole',
    Version: '2010-05-08',
    RoleName: 'export',
    AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
  });
  await (await callAws(moto.endpoint, 'iam', { method: 'POST', body })).text();
}

async function makeInstance(moto: TestMoto, name: string): Promise<void> {
  await moto.rds('CreateDBInstance', {
    DBInstanceIdentifier: name,
    Engine: 'mysql',
    EngineVersion: '8.0.39',
    DBInstanceClass: 'db.t4g.micro',
    AllocatedStorage: '20',
    StorageType: 'gp3',
    MasterUsername: 'app',
    MasterUserPassword: 'not-a-secret',
  });
}

async function makeSnapshot(
  moto: TestMoto,
  instance: string,
  name: string,
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  const form = Object.entries(tags).flatMap(([key, value], index) => [
    [`Tags.Tag.${index + 1}.Key`, key],
    [`Tags.Tag.${index + 1}.Value`, value],
  ]);
  await moto.rds('CreateDBSnapshot', {
    DBInstanceIdentifier: instance,
    DBSnapshotIdentifier: name,
    ...(Object.fromEntries(form) as Record<string, string>),
  });
}

async function present(moto: TestMoto, bucket: string): Promise<Kept> {
  const snapshots = await snapshotsOf(moto);
  return {
    content: await bucketContent(moto, bucket),
    // RDS takes automatic ones itself.
    snapshots: snapshots.filter(({ instance, name }) => instance === 'shop' && !name.startsWith('rds:')),
  };
}

async function snapshotsOf(moto: TestMoto): Promise<(Snapshot & { instance: string })[]> {
  const text = await moto.rds('DescribeDBSnapshots');
  return [...text.matchAll(/<DBSnapshot>.*?<\/DBSnapshot>/gs)].map(([element]) => ({
    name: /<DBSnapshotIdentifier>([^<]*)</.exec(element)?.[1] ?? '',
    instance: /<DBInstanceIdentifier>([^<]*)</.exec(element)?.[1] ?? '',
    tags: Object.fromEntries(
      [...element.matchAll(/<Key>([^<]*)<\/Key><Value>([^<]*)</g)].map(([, key = '', value = '']) => [
        key,
        value,
      ]),
    ),
  }));
}

async function stateOf(moto: TestMoto, bucket: string): Promise<AccountContent> {
  const { sizes, uploads } = await bucketListing(moto, bucket);
  const all = [...sizes].map(([key, bytes]) => ({ key, bytes }));
  const latest = JSON.parse(String(await readObject(moto, bucket, `${PREFIX}LATEST.json`))) as {
    export: string;
    tables: { files: { name: string; bytes: number }[] }[];
    others: { name: string; bytes: number }[];
  };
  const files = [...latest.tables.flatMap((table) => table.files), ...latest.others];
  const listed = new Set([...files.map(({ name }) => PREFIX + name), `${PREFIX}LATEST.json`]);
  const manifest = /^exports\/[^/]+\/manifest\.json$/;
  const snapshots = await snapshotsOf(moto);
  const isOurs = ({ tags, instance }: (typeof snapshots)[number]) =>
    tags['sluice:pipeline'] === PIPELINE && instance === 'shop';
  return {
    latest: files.map((file) => plain(file, latest.export)).sort(),
    folders: all.filter(({ key }) => manifest.test(key)).length,
    leftovers: all
      .map(({ key }) => key)
      .filter((key) => key.startsWith(PREFIX) && !listed.has(key) && !manifest.test(key))
      .map((key) => plainName(key, latest.export))
      .sort(),
    siblings: all.filter(({ key }) => !key.startsWith(PREFIX)).map(({ key, bytes }) => `${key} ${bytes}`),
    uploads,
    ours: snapshots.filter(isOurs).length,
    others: snapshots
      .filter((snapshot) => !isOurs(snapshot))
      .map(({ name }) => name.replace(/^(rds:\w+)-.*/, '$1'))
      .sort(),
  };
}

/** Without the names of the export and of its files, which are never the same: texts are as long as their names are. */
function plain(
  { name, bytes }: { readonly name: string; readonly bytes: number },
  exportName: string,
): string {
  const shown = plainName(name, exportName);
  return name.endsWith('.json') ? shown : `${shown} ${bytes}`;
}

function plainName(name: string, exportName: string): string {
  return name.replaceAll(exportName, 'EXPORT').replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, 'UUID');
}
