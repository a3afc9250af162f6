/** F4 through a delivery stream on an emulated AWS that enforces policies: the sink is that of a run on one machine. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type DeployedChanges, deployedChanges } from '../fixtures/deployed-changes.js';
import { needsServer } from '../fixtures/servers.js';

needsServer('ministack');

const CHANGES = 24;
/** What cannot be parsed, and so is a reject. */
const BAD = 5;
const LONG_MS = 600_000;
const delivered = 'sluice-web-changes-111122223333-eu-west-1';
const failed = 'sluice-web-failed-111122223333-eu-west-1';

let made: DeployedChanges;

beforeAll(async () => {
  made = await deployedChanges({
    columns: 'id VARCHAR(20), hits DECIMAL(20,3), note VARCHAR(200), at TIMESTAMP(6) NULL',
    shown: 'id, hits, HEX(note), at',
    declared,
  });
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
        replicate: 'hits',
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

async function put(id: number): Promise<void> {
  const note = ['plain', '"quoted", \\ and, comma', 'two\nlines', '', 'naïve 🦥\u2028'][id % 5];
  const payload = id === BAD ? '{cut' : `{"hits":${id}.25,"note":${JSON.stringify(note)}}`;
  await made.data.put('hits', { id: { S: `h${id}` }, payload: { S: payload } });
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
    await there.deploy(account);
    for (let id = 0; id < CHANGES; id++) await put(id);
    const ran = await here.command(account, 'run', '--drain');
    expect(ran, ran.stdout + ran.stderr).toMatchObject({ status: 3 });
    expect(ran.events.find(({ event }) => event === 'note')).toMatchObject({ step: 'hits' });
    await settled(CHANGES - 1);
    expect(await dump('there')).toEqual(await dump('here'));
    const rejects = await there.command(account, 'rejects', '--on', 'aws');
    expect(rejects.events).toMatchObject([{ step: 'hits', reason: 'parse_failed' }]);
    // Handed over once more, and the bucket tells of what is gone: nothing comes twice.
    const records = await data.stream('hits');
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
    await data.object(delivered, 'errors/hits/processing-failed/2026/11/21/15/one', lines);
    const functionArn = 'arn:aws:lambda:eu-west-1:111122223333:function:sluice-web-forward-hits';
    const event = {
      version: '1.0',
      requestContext: { functionArn, condition: 'RetryAttemptsExhausted' },
      payload: JSON.stringify({ Records: [known, givenUp] }),
    };
    await data.object(failed, 'aws/lambda/8c/shardId-0/2026-11-21T15.00.00-two', JSON.stringify(event));
    const [waiting] = (await there.command(account, 'replay', '--on', 'aws', '--dry-run')).events;
    expect(waiting).toMatchObject({
      steps: expect.arrayContaining([{ step: 'hits', run: 'put aside', rows: 4 }]),
    });
    const replayed = await there.command(account, 'replay', '--on', 'aws');
    expect(replayed, replayed.stdout + replayed.stderr).toMatchObject({ status: 3 });
    expect(replayed.events.at(-1)).toMatchObject({
      steps: [{ name: 'hits', written: 2, unchanged: 2, rejected: 1 }],
    });
    expect([...(await data.keys(delivered)), ...(await data.keys(failed))]).toEqual([]);
    expect((await dump('there')).filter((row) => /"x[12]"/.test(row))).toHaveLength(2);
    const gone = await there.command(account, 'destroy', '--yes');
    expect(gone, gone.stdout + gone.stderr).toMatchObject({ status: 0 });
    expect(await there.command(account, 'replay', '--on', 'aws')).toMatchObject({ status: 2 });
  },
  LONG_MS,
);
