/**
 * F4 through a delivery stream on an emulated AWS that enforces policies: the sink is that of a run on one machine, whatever its
 * bucket tells of how often.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type DeployedChanges, deployedChanges } from '../fixtures/deployed-changes.js';
import { disagreement, stackTemplate } from '../fixtures/granted.js';
import { countedOtherwise } from '../fixtures/logged-lines.js';
import { operatorFor } from '../fixtures/people.js';
import { needsServer } from '../fixtures/servers.js';
import { pausedMapping, resume } from '../fixtures/stream-mapping.js';

needsServer('ministack');

const CHANGES = 24;
/** What cannot be parsed, and so is a reject. */
const BAD = 5;
const LONG_MS = 600_000;
/** With every kind of character that a name may have: names come into keys. */
const STEP = 'Hits_by-page2';
const loader = `sluice-web-load-${STEP}`;
const queue = `sluice-web-${STEP}-changes`;
const delivered = 'sluice-web-changes-111122223333-eu-west-1';
const failed = 'sluice-web-failed-111122223333-eu-west-1';

let made: DeployedChanges;

beforeAll(async () => {
  made = await deployedChanges({
    columns: 'id VARCHAR(20), hits DECIMAL(20,3), note VARCHAR(200), at TIMESTAMP(6) NULL',
    shown: 'id, hits, HEX(note), at',
    declared,
  });
  await made.there.deploy(made.account);
}, LONG_MS);
afterAll(() => made?.stop());

function declared(table: string): object {
  const only = { id: 'id', hits: 'payload.hits', note: 'payload.note', at: { meta: 'changedAt' } };
  return {
    pipeline: 'web',
    connections: {
      site: { kind: 'dynamodb', region: 'eu-west-1' },
      delivery: { kind: 'firehose', seconds: 0, mib: 1 },
      report: { kind: 'mysql', secret: 'prod/report', region: 'eu-west-1', tls: 'off' },
    },
    steps: [
      {
        replicate: STEP,
        from: { connection: 'site', table: 'hits' },
        via: { connection: 'delivery' },
        to: { connection: 'report', table, mode: 'append' },
        parse: ['payload'],
        map: { only },
        rejects: { limit: 5 },
      },
    ],
  };
}

/** Old runs, large records; what is compared, which a sink that is appended to is not. */
const noOccasion = [
  /: dynamodb:BatchWriteItem .*-state$/,
  /: s3:\w+ .*-state-/,
  /: dynamodb:(?:Query|Scan) .*:table\/hits$/,
];

async function put(id: number, prefix = 'h'): Promise<void> {
  const note = ['plain', '"quoted", \\ and, comma', 'two\nlines', '', 'naïve 🦥\u2028'][id % 5];
  const payload = id === BAD ? '{cut' : `{"hits":${id}.25,"note":${JSON.stringify(note)}}`;
  await made.data.put('hits', { id: { S: `${prefix}${id}` }, payload: { S: payload } });
}

async function invoke(name: string, event: object): Promise<void> {
  const path = `/2015-03-31/functions/${name}/invocations`;
  const answer = await made.account.rest('lambda', path, { method: 'POST', body: JSON.stringify(event) });
  expect(await answer.json()).toEqual({ batchItemFailures: [] });
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
      expect(await made.dump('there')).toHaveLength(rows);
      expect(await made.data.keys(delivered)).toEqual([]);
    },
    { timeout: LONG_MS / 2, interval: 500 },
  );
}

it(
  'brings changes into the sink as a run here does, each once, and what was put aside too',
  async () => {
    const { account, data, here, there, dump } = made;
    for (let id = 0; id < CHANGES; id++) await put(id);
    const ran = await here.command(account, 'run', '--drain');
    expect(ran, ran.stdout + ran.stderr).toMatchObject({ status: 3 });
    expect(ran.events.find(({ event }) => event === 'note')).toMatchObject({ step: STEP });
    await settled(CHANGES - 1);
    expect(await dump('there')).toEqual(await dump('here'));
    const rejects = await there.command(account, 'rejects', '--on', 'aws');
    expect(rejects.events).toMatchObject([{ step: STEP, reason: 'parse_failed' }]);
    // Handed over once more, and the bucket tells of what is gone: nothing comes twice.
    const records = await data.stream('hits');
    await invoke(`sluice-web-forward-${STEP}`, { Records: records });
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
    await data.object(delivered, `errors/${STEP}/processing-failed/2026/11/21/15/one`, lines);
    const functionArn = `arn:aws:lambda:eu-west-1:111122223333:function:sluice-web-forward-${STEP}`;
    const event = {
      version: '1.0',
      requestContext: { functionArn, condition: 'RetryAttemptsExhausted' },
      payload: JSON.stringify({ Records: [known, givenUp] }),
    };
    await data.object(failed, 'aws/lambda/8c/shardId-0/2026-11-21T15.00.00-two', JSON.stringify(event));
    const { aws } = made;
    const mending = await operatorFor(aws, account, there.file, 'mending', 'repair');
    await aws.called(account);
    const [waiting] = (await there.command(mending.account, 'replay', '--on', 'aws', '--dry-run')).events;
    expect(waiting).toMatchObject({
      steps: expect.arrayContaining([{ step: STEP, run: 'put aside', rows: 4 }]),
    });
    const replayed = await there.command(mending.account, 'replay', '--on', 'aws');
    expect(replayed, replayed.stdout + replayed.stderr).toMatchObject({ status: 3 });
    expect(replayed.events.at(-1)).toMatchObject({
      steps: [{ name: STEP, written: 2, unchanged: 2, rejected: 1 }],
    });
    expect([...(await data.keys(delivered)), ...(await data.keys(failed))]).toEqual([]);
    const calls = (await aws.called(account)).filter(({ holder }) => holder === mending.arn);
    const { ungranted, unused } = disagreement(mending.grants, calls);
    const without = unused.filter((text) => !noOccasion.some((rare) => rare.test(text)));
    expect({ ungranted, unused: without }).toEqual({ ungranted: [], unused: [] });
    expect((await dump('there')).filter((row) => /"x[12]"/.test(row))).toHaveLength(2);
  },
  LONG_MS,
);

interface Message {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
}

/** Of a mapping that is paused: changes that have gone as far as the bucket, which has told of each. Gives their keys. */
async function toldOf(prefix: string, count: number): Promise<readonly string[]> {
  for (let id = 0; id < count; id++) await put(id, prefix);
  await waiting(count);
  return await made.data.keys(delivered);
}

async function waiting(messages: number): Promise<void> {
  await vi.waitFor(async () => expect(await made.data.waiting(queue)).toBe(messages), {
    timeout: LONG_MS / 2,
    interval: 200,
  });
}

/** All that the queue has, hidden from others for a time. */
async function received(count: number, VisibilityTimeout: number): Promise<readonly Message[]> {
  const { data } = made;
  const QueueUrl = await data.urlOf(queue);
  const asked = { QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout };
  const { Messages } = await data.sqs('ReceiveMessage', asked);
  expect(Messages).toHaveLength(count);
  return Messages as readonly Message[];
}

/** Whether the function that loads fails as a whole, handed these messages. */
async function fails(messages: readonly Message[]): Promise<boolean> {
  const Records = messages.map(({ MessageId, Body }) => ({ messageId: MessageId, body: Body }));
  const path = `/2015-03-31/functions/${loader}/invocations`;
  const body = JSON.stringify({ Records });
  const answer = await made.account.rest('lambda', path, { method: 'POST', body });
  return answer.headers.has('x-amz-function-error');
}

/** Whether the function that loads may remove what it has loaded. */
async function removing(allowed: boolean): Promise<void> {
  const { account } = made;
  const answer = await account.rest('lambda', `/2015-03-31/functions/${loader}/configuration`);
  const { Role } = (await answer.json()) as { readonly Role: string };
  const policy = { RoleName: Role.split('/').at(-1) ?? '', PolicyName: 'none' };
  if (allowed) {
    await account.query('iam', 'DeleteRolePolicy', policy);
    return;
  }
  const Statement = [{ Effect: 'Deny', Action: 's3:DeleteObject', Resource: '*' }];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await account.query('iam', 'PutRolePolicy', { ...policy, PolicyDocument });
}

/** The rows of changes that `toldOf` made. */
async function loaded(prefix: string): Promise<readonly string[]> {
  const rows = (await made.dump('there')).map((row) => JSON.parse(row) as readonly string[]);
  return rows.flatMap(([id = '']) => (id.startsWith(prefix) ? [id] : []));
}

const EACH = 3;
const all = (prefix: string) => Array.from({ length: EACH }, (_, id) => `${prefix}${id}`);

it(
  'loads an object once that the bucket tells of twice, in messages that come again',
  async () => {
    const { account, data } = made;
    const mapping = await pausedMapping(account, loader);
    await toldOf('twice', EACH);
    // As when it is ended just before it removes what it has loaded: nobody but the ledger knows of that.
    await removing(false);
    const told = await received(EACH, 3600);
    const twice = told.map((message) => ({ ...message, MessageId: `${message.MessageId}-2` }));
    expect(await fails([...told, ...twice])).toBe(true);
    expect(await loaded('twice')).toEqual(all('twice'));
    expect(await data.keys(delivered)).toHaveLength(EACH);
    await removing(true);
    const QueueUrl = await data.urlOf(queue);
    for (const { Body, ReceiptHandle } of told) {
      await data.sqs('ChangeMessageVisibility', { QueueUrl, ReceiptHandle, VisibilityTimeout: 0 });
      await data.sqs('SendMessage', { QueueUrl, MessageBody: Body });
    }
    await waiting(2 * EACH);
    await resume(account, mapping);
    await waiting(0);
    expect(await loaded('twice')).toEqual(all('twice'));
    expect(await data.keys(delivered)).toEqual([]);
  },
  LONG_MS,
);

it(
  'loads an object whatever its key, which the bucket tells encoded',
  async () => {
    const { account, data } = made;
    const mapping = await pausedMapping(account, loader);
    const keys = await toldOf('key', EACH);
    const below = `changes/${STEP}/`;
    const plain = new RegExp(`^${below}[\\w/-]+\\.jsonl$`);
    // Somebody puts them elsewhere.
    const names = ['day=2026-11-21/a b.jsonl', '1+1%2B1 = 3.jsonl', 'naïve 🦥/%.jsonl'];
    for (const [index, key] of keys.entries()) {
      expect(key).toMatch(plain);
      const body = await (await account.rest('s3', `/${delivered}/${key}`)).text();
      const path = `${below}${names[index]}`.split('/').map(encodeURIComponent).join('/');
      await data.object(delivered, path, body);
      await account.rest('s3', `/${delivered}/${key}`, { method: 'DELETE' });
    }
    expect(await data.keys(delivered)).toEqual(names.map((name) => `${below}${name}`).sort());
    await waiting(2 * EACH);
    const told = (await received(2 * EACH, 0)).flatMap(({ Body }) => keysIn(Body));
    expect(told.filter((key) => !plain.test(key)).sort()).toEqual(
      ['1%2B1%252B1+%3D+3.jsonl', 'day%3D2026-11-21/a+b.jsonl', 'na%C3%AFve+%F0%9F%A6%A5/%25.jsonl'].map(
        (name) => `${below}${name}`,
      ),
    );
    await resume(account, mapping);
    await waiting(0);
    expect(await loaded('key')).toEqual(all('key'));
    expect(await data.keys(delivered)).toEqual([]);
  },
  LONG_MS,
);

/** As the event has them. */
function keysIn(body: string): readonly string[] {
  const { Records } = JSON.parse(body) as { Records: readonly { s3: { object: { key: string } } }[] };
  return Records.map(({ s3 }) => s3.object.key);
}

it(
  'has counted all that its alarms and its dashboard look at, and nothing else',
  async () => {
    const template = await stackTemplate(join(made.there.folder, 'cdk.out'), 'sluice-web');
    expect(await countedOtherwise(made.account, template)).toEqual({ notShown: [], notCounted: [] });
  },
  LONG_MS,
);

it(
  'is taken away, and then has nothing to replay',
  async () => {
    const { account, there } = made;
    const gone = await there.command(account, 'destroy', '--yes');
    expect(gone, gone.stdout + gone.stderr).toMatchObject({ status: 0 });
    expect(await there.command(account, 'replay', '--on', 'aws')).toMatchObject({ status: 2 });
  },
  LONG_MS,
);
