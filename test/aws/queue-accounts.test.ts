/** F2 in two accounts, each of which deploys its half with its own credentials, on an emulated AWS whose policies are enforced. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EmulatedData, emulatedData } from '../fixtures/emulated-data.js';
import { type EmulatedPipeline, emulatedPipeline } from '../fixtures/emulated-pipeline.js';
import { type TestAccount, type TestMinistack, testMinistack } from '../fixtures/ministack.js';
import { needsServer } from '../fixtures/servers.js';

needsServer('ministack');

let ministack: TestMinistack;
let [sender, receiver]: readonly TestAccount[] = [];
let [source, sink]: readonly EmulatedData[] = [];
let pipeline: EmulatedPipeline;

beforeAll(async () => {
  ministack = await testMinistack({ enforced: true });
  const ids = ['111122223333', '444455556666'] as const;
  [sender, receiver] = ids.map((id) => ministack.account(id));
  [source, sink] = [sender, receiver].map((account) => emulatedData(account as TestAccount));
  const place = { kind: 'dynamodb', region: 'eu-west-1' };
  const inbox = { kind: 'sqs', queue: 'inbox', region: 'eu-west-1', create: true };
  pipeline = await emulatedPipeline({
    pipeline: 'people',
    connections: { prod: place, dev: place, inbox: { ...inbox, account: ids[1], sender: ids[0] } },
    steps: [
      {
        copy: 'people',
        from: { connection: 'prod', table: 'people' },
        via: { connection: 'inbox' },
        to: { connection: 'dev', table: 'people-copies', mode: 'put' },
      },
    ],
  });
});
afterAll(async () => {
  await Promise.all([ministack?.stop(), pipeline?.remove()]);
});

it('either may be first: rows come over, and nobody but the one role may send', async () => {
  if (!sender || !receiver || !source || !sink) throw new Error('two accounts');
  await source.table('people');
  await sink.table('people-copies');
  for (let index = 0; index < 30; index++) {
    await source.put('people', { id: { S: `p${index}` }, n: { N: String(index) } });
  }
  await pipeline.deploy(sender, '--only', 'send');
  const early = await pipeline.command(sender, 'run', '--on', 'aws');
  expect(early).toMatchObject({ status: 4 });
  expect(early.stdout).toContain('sluice deploy makes it');

  await pipeline.deploy(receiver, '--only', 'receive');
  const ran = await pipeline.command(sender, 'run', '--on', 'aws');
  expect(ran, ran.stdout + ran.stderr).toMatchObject({ status: 0 });
  const wanted = await source.dump('people');
  await expect.poll(() => sink?.dump('people-copies')).toEqual(wanted);
  expect(await source.tables()).toEqual(['people', 'sluice-people-state']);
  expect(await sink.tables()).toEqual(['people-copies', 'sluice-people-state']);

  const QueueUrl = await sink.urlOf('inbox');
  await expect(source.sqs('SendMessage', { QueueUrl, MessageBody: 'hi' })).rejects.toThrow('403');
  const none = await pipeline.command(receiver, 'run', '--on', 'aws');
  expect(none).toMatchObject({ status: 2 });
  expect(none.stdout).toContain('has no runs');
  expect(await pipeline.command(receiver, 'rejects', '--on', 'aws')).toMatchObject({ status: 0 });

  // The other order: what receives is there, and what sends is made anew.
  const gone = await pipeline.command(sender, 'destroy', '--yes');
  expect(gone, gone.stdout + gone.stderr).toMatchObject({ status: 0 });
  await source.put('people', { id: { S: 'p0' }, n: { N: '100' } });
  await pipeline.deploy(sender, '--only', 'send');
  expect(await pipeline.command(sender, 'run', '--on', 'aws')).toMatchObject({ status: 0 });
  const after = await source.dump('people');
  await expect.poll(() => sink?.dump('people-copies')).toEqual(after);
  expect(await pipeline.command(receiver, 'destroy', '--yes')).toMatchObject({ status: 0 });
  expect(await sink.tables()).toEqual(['people-copies']);
});
