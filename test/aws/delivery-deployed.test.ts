/** F4 through a delivery stream on an emulated AWS that enforces policies: the sink is that of a run on one machine. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type CliRun, type Project, project, sluice } from '../fixtures/cli.js';
import { type TestAccount, type TestMinistack, testMinistack } from '../fixtures/ministack.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { secretOf } from '../fixtures/secret-database.js';
import { needsServer } from '../fixtures/servers.js';

needsServer('ministack');

const CHANGES = 24;
/** What cannot be parsed, and so is a reject. */
const BAD = 5;
const LONG_MS = 240_000;
const delivered = 'sluice-web-changes-111122223333-eu-west-1';
const failed = 'sluice-web-failed-111122223333-eu-west-1';

let ministack: TestMinistack;
let account: TestAccount;
let database: TestDatabase;
const projects: Project[] = [];

beforeAll(async () => {
  [ministack, database] = await Promise.all([testMinistack({ enforced: true }), testDatabase('delivered')]);
  account = ministack.account('111122223333');
  await dynamodb('CreateTable', {
    TableName: 'hits',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  });
  await account.json('secretsmanager', 'secretsmanager.CreateSecret', {
    Name: 'prod/report',
    SecretString: JSON.stringify(secretOf(database)),
  });
  const columns = 'id VARCHAR(20), hits DECIMAL(20,3), note VARCHAR(200), at TIMESTAMP(6) NULL';
  await database.execute(`CREATE TABLE here (${columns}); CREATE TABLE there (${columns})`);
}, LONG_MS);

afterAll(async () => {
  await Promise.all([ministack?.stop(), database?.drop(), ...projects.map((each) => each.remove())]);
});

function dynamodb(action: string, body: object) {
  return account.json('dynamodb', `DynamoDB_20120810.${action}`, body);
}

async function pipeline(table: string): Promise<Project> {
  const only = { id: 'id', hits: 'payload.hits', note: 'payload.note', at: { meta: 'changedAt' } };
  const made = await project({
    pipeline: 'web',
    connections: {
      site: { kind: 'dynamodb', region: 'eu-west-1' },
      delivery: { kind: 'firehose', seconds: 0, mib: 1 },
      report: { kind: 'mysql', secret: 'prod/report', region: 'eu-west-1', tls: 'off' },
    },
    steps: [
      {
        replicate: 'hits',
        from: { connection: 'site', table: 'hits' },
        via: { connection: 'delivery' },
        to: { connection: 'report', table, mode: 'append' },
        parse: ['payload'],
        map: { only },
        rejects: { limit: 5 },
      },
    ],
  });
  projects.push(made);
  return made;
}

function command(made: Project, verb: string, ...args: string[]): Promise<CliRun> {
  return sluice([verb, made.file, '--json', ...args], { env: account.env });
}

/** Its stacks without what is denied where there is no TLS: the emulator has none. The templates' own tests have it. */
async function synthesized(made: Project): Promise<string> {
  const out = join(made.folder, 'cdk.out');
  const told = await command(made, 'synth', '--account', account.id, '--out', out);
  if (told.status !== 0) throw new Error(told.stdout + told.stderr);
  for (const name of await readdir(out)) {
    if (!name.endsWith('.template.json')) continue;
    const template = JSON.parse(await readFile(join(out, name), 'utf8')) as object;
    const plain = JSON.stringify(template, (_, value: unknown) =>
      Array.isArray(value) ? value.filter((each) => !isOnlyTls(each)) : value,
    );
    await writeFile(join(out, name), plain);
  }
  return out;
}

function isOnlyTls(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'Sid' in value && value.Sid === 'OnlyTls';
}

async function put(id: number): Promise<void> {
  const note = ['plain', '"quoted", \\ and, comma', 'two\nlines', '', 'naïve 🦥\u2028'][id % 5];
  const payload = id === BAD ? '{cut' : `{"hits":${id}.25,"note":${JSON.stringify(note)}}`;
  await dynamodb('PutItem', { TableName: 'hits', Item: { id: { S: `h${id}` }, payload: { S: payload } } });
}

/** What a table holds, in one spelling. */
async function dump(table: string): Promise<string[]> {
  const rows = await database.query(`SELECT id, hits, HEX(note), at FROM ${table}`);
  return rows.map((row) => JSON.stringify(row)).sort();
}

async function keys(bucket: string): Promise<string[]> {
  const text = await (await account.rest('s3', `/${bucket}?list-type=2`)).text();
  return [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key ?? '').sort();
}

async function store(path: string, body: string): Promise<void> {
  const answer = await account.rest('s3', path, { method: 'PUT', body });
  expect(answer.ok, await answer.text()).toBe(true);
}

async function invoke(name: string, event: object): Promise<void> {
  const path = `/2015-03-31/functions/${name}/invocations`;
  const answer = await account.rest('lambda', path, { method: 'POST', body: JSON.stringify(event) });
  expect(await answer.json()).toEqual({ batchItemFailures: [] });
}

/** All that the stream of the table has. */
async function streamRecords(): Promise<readonly object[]> {
  const streams = (action: string, body: object) =>
    account.json('dynamodb', `DynamoDBStreams_20120810.${action}`, body);
  const { Table } = await dynamodb('DescribeTable', { TableName: 'hits' });
  const StreamArn = (Table as { readonly LatestStreamArn: string }).LatestStreamArn;
  const { StreamDescription } = await streams('DescribeStream', { StreamArn });
  const { Shards } = StreamDescription as { readonly Shards: readonly { readonly ShardId: string }[] };
  const start = { StreamArn, ShardId: Shards[0]?.ShardId, ShardIteratorType: 'TRIM_HORIZON' };
  const { ShardIterator } = await streams('GetShardIterator', start);
  const { Records } = await streams('GetRecords', { ShardIterator });
  return Records as object[];
}

/** A change that no stream has handed over yet. */
function fresh(id: string): object {
  return {
    eventID: id,
    eventName: 'INSERT',
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(Date.now() / 1000),
      Keys: { id: { S: id } },
      NewImage: { id: { S: id }, payload: { S: '{"hits":1,"note":"late"}' } },
      SequenceNumber: `9${'0'.repeat(20)}${id.slice(1)}`,
    },
  };
}

async function settled(rows: number): Promise<void> {
  await vi.waitFor(
    async () => {
      expect(await dump('there')).toHaveLength(rows);
      expect(await keys(delivered)).toEqual([]);
    },
    { timeout: LONG_MS / 2, interval: 500 },
  );
}

it(
  'brings changes into the sink as a run here does, each once, and what was put aside too',
  async () => {
    const [here, there] = [await pipeline('here'), await pipeline('there')];
    const folder = await synthesized(there);
    const deployed = await sluice(['deploy', '--assembly', folder, '--json'], { env: account.env });
    expect(deployed, deployed.stdout.slice(-6000) + deployed.stderr).toMatchObject({ status: 0 });
    for (let id = 0; id < CHANGES; id++) await put(id);
    const ran = await command(here, 'run', '--drain');
    expect(ran, ran.stdout + ran.stderr).toMatchObject({ status: 3 });
    expect(ran.events.find(({ event }) => event === 'note')).toMatchObject({ step: 'hits' });
    await settled(CHANGES - 1);
    expect(await dump('there')).toEqual(await dump('here'));
    const rejects = await command(there, 'rejects', '--on', 'aws');
    expect(rejects.events).toMatchObject([{ step: 'hits', reason: 'parse_failed' }]);
    // Handed over once more, and the bucket tells of what is gone: nothing comes twice.
    const records = await streamRecords();
    await invoke('sluice-web-forward-hits', { Records: records });
    await settled(CHANGES - 1);
    expect(await dump('there')).toEqual(await dump('here'));
    // Put aside by Firehose, and given up by Lambda: each with a change that came, and one that did not.
    const [known] = records;
    const [failedNow, givenUp] = [fresh('x1'), fresh('x2')];
    const line = (record: object | undefined) => {
      const rawData = Buffer.from(JSON.stringify(record)).toString('base64');
      return `${JSON.stringify({ attemptsMade: 4, errorCode: 'Lambda.FunctionError', rawData })}\n`;
    };
    const lines = `${line(known)}${line(failedNow)}`;
    await store(`/${delivered}/errors/hits/processing-failed/2026/11/21/15/one`, lines);
    const functionArn = 'arn:aws:lambda:eu-west-1:111122223333:function:sluice-web-forward-hits';
    const event = {
      version: '1.0',
      requestContext: { functionArn, condition: 'RetryAttemptsExhausted' },
      payload: JSON.stringify({ Records: [known, givenUp] }),
    };
    await store(`/${failed}/aws/lambda/8c/shardId-0/2026-11-21T15.00.00-two`, JSON.stringify(event));
    const [waiting] = (await command(there, 'replay', '--on', 'aws', '--dry-run')).events;
    expect(waiting).toMatchObject({
      steps: expect.arrayContaining([{ step: 'hits', run: 'put aside', rows: 4 }]),
    });
    const replayed = await command(there, 'replay', '--on', 'aws');
    expect(replayed, replayed.stdout + replayed.stderr).toMatchObject({ status: 3 });
    expect(replayed.events.at(-1)).toMatchObject({
      steps: [{ name: 'hits', written: 2, unchanged: 2, rejected: 1 }],
    });
    expect([...(await keys(delivered)), ...(await keys(failed))]).toEqual([]);
    expect((await dump('there')).filter((row) => /"x[12]"/.test(row))).toHaveLength(2);
    const gone = await command(there, 'destroy', '--yes');
    expect(gone, gone.stdout + gone.stderr).toMatchObject({ status: 0 });
    expect(await command(there, 'replay', '--on', 'aws')).toMatchObject({ status: 2 });
  },
  LONG_MS,
);
