/** F4 without a delivery stream on an emulated AWS that enforces policies: what a function gave up is brought in once it is mended. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type DeployedChanges, deployedChanges } from '../fixtures/deployed-changes.js';
import { stackTemplate } from '../fixtures/granted.js';
import { countedOtherwise } from '../fixtures/logged-lines.js';
import { needsServer } from '../fixtures/servers.js';
import { handOver, pausedMapping } from '../fixtures/stream-mapping.js';

needsServer('ministack');

const LONG_MS = 600_000;
const EARLY = 4;
const LATE = 9;
/** Of these the payload lacks what the declaration asks for at first. */
const POISON = [EARLY + 2, EARLY + 5];
const failed = 'sluice-web-failed-111122223333-eu-west-1';

let made: DeployedChanges;

beforeAll(async () => {
  made = await deployedChanges({
    columns: 'id VARCHAR(20), hits DECIMAL(20,3), at TIMESTAMP(6) NULL',
    shown: 'id, hits, at',
    declared: (table) => declared(table, table === 'here' ? [] : ['hits']),
  });
}, LONG_MS);
afterAll(() => made?.stop());

/** `required`: what a payload must have. */
function declared(table: string, required: readonly string[]): object {
  return {
    pipeline: 'web',
    connections: {
      site: { kind: 'dynamodb', region: 'eu-west-1' },
      report: { kind: 'mysql', secret: 'prod/report', region: 'eu-west-1', tls: 'off' },
    },
    steps: [
      {
        replicate: 'hits',
        from: { connection: 'site', table: 'hits' },
        to: { connection: 'report', table, mode: 'append' },
        parse: ['payload'],
        check: { type: 'object', required },
        map: { only: { id: 'id', hits: 'payload.hits', at: { meta: 'changedAt' } } },
      },
    ],
  };
}

async function put(from: number, to: number): Promise<void> {
  for (let id = from; id < to; id++) {
    const payload = POISON.includes(id) ? '{}' : `{"hits":${id}.25}`;
    await made.data.put('hits', { id: { S: `h${id}` }, payload: { S: payload } });
  }
}

it(
  'a poisoned change is found by halving, set aside with all that it holds, and brought in by the mended declaration',
  async () => {
    const { account, data, here, there, dump } = made;
    await there.deploy(account);
    await put(0, EARLY);
    const eventually = { timeout: LONG_MS / 2, interval: 200 };
    await vi.waitFor(async () => expect(await dump('there')).toHaveLength(EARLY), eventually);
    const mapping = await pausedMapping(account, 'sluice-web-step-hits');
    await put(EARLY, EARLY + LATE);
    const records = await data.stream('hits');
    // From the poisoned one on; it is halved until that one is alone; then what is behind it.
    const batches = await handOver({ account, data }, mapping, records.slice(EARLY));
    expect(batches).toEqual([9, 7, 4, 2, 1, 1, 2, 1, 3]);
    expect(await dump('there')).toHaveLength(EARLY + LATE - POISON.length);
    expect(await data.keys(failed)).toHaveLength(POISON.length);

    const template = await stackTemplate(join(there.folder, 'cdk.out'), 'sluice-web');
    expect(await countedOtherwise(account, template)).toEqual({ notShown: [], notCounted: [] });

    await there.declare(declared('there', []));
    // Each is a reject as well, with its reason; without that it is still there.
    const discard = ['--discard', '--where', 'reason=check_failed'];
    const given = await there.command(account, 'replay', '--on', 'aws', ...discard);
    expect(given.events.at(-1)).toMatchObject({ steps: [{ name: 'hits', discarded: POISON.length }] });
    const replayed = await there.command(account, 'replay', '--on', 'aws');
    expect(replayed, replayed.stdout + replayed.stderr).toMatchObject({ status: 0 });
    expect(replayed.events.at(-1)).toMatchObject({
      steps: [{ name: 'hits', written: POISON.length, unchanged: 0, rejected: 0 }],
    });
    const ran = await here.command(account, 'run', '--drain');
    expect(ran, ran.stdout + ran.stderr).toMatchObject({ status: 0 });
    expect(await dump('there')).toEqual(await dump('here'));
    expect(await data.keys(failed)).toEqual([]);
    const gone = await there.command(account, 'destroy', '--yes');
    expect(gone, gone.stdout + gone.stderr).toMatchObject({ status: 0 });
  },
  LONG_MS,
);
