import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportOnce, namesOfExports } from '../fixtures/exports.js';
import { type BucketGround, bucketGround, folderGround, namesOf } from '../fixtures/stores.js';
import { look, type Place } from './export-look.js';
import { type HttpProxy, type Moment, startHttpProxy } from './http-proxy.js';
import { killedAtCall } from './killed-store.js';

const TIMEOUT_MS = 300_000;
/** Beside `orders/`, and beside an export: a bare prefix would take them too. */
const NEIGHBOURS = ['orders-old/a', 'orders2/a', 'orders/run-22/a', 'orders.json'];
/** More calls than one run makes. */
const MAX_CALLS = 60;

/** What a reader misses at this instant. */
async function gapsNow(place: Place): Promise<readonly string[]> {
  const { version, problems } = await look(place);
  return version === undefined ? ['LATEST.json is gone'] : problems;
}

describe('a run that is killed at any call to its store', () => {
  test('in a folder', { timeout: TIMEOUT_MS }, async () => {
    const keep = 2;
    const ground = await folderGround();
    const killed: number[] = [];
    for (let call = 1; call < MAX_CALLS; call++) {
      const top = `t${call}/`;
      const made = { folder: `${top}orders/`, keep, scratch: ground.scratch };
      const place: Place = { kind: 'folder', path: `${ground.folder}/${top}orders` };
      const store = await ground.open();
      for (const name of NEIGHBOURS) await store.writeText(top + name, 'theirs');
      for (const name of ['run-1', 'run-2']) await exportOnce(store, { ...made, name });
      const gaps: string[] = [];
      const doomed = killedAtCall(store, call, async () => void gaps.push(...(await gapsNow(place))));
      const isKilled = await doomed.run((own) => exportOnce(own, { ...made, name: 'run-3' }));
      await exportOnce(await ground.open(), { ...made, name: 'run-3' });
      expect([...gaps, ...(await gapsNow(place))]).toEqual([]);
      const left = [
        ...namesOfExports(`${top}orders/`, ['run-2', 'run-3'].slice(-keep)),
        ...NEIGHBOURS.map((name) => top + name),
      ];
      expect((await namesOf(store, top)).sort()).toEqual(left.sort());
      if (!isKilled) break;
      killed.push(call);
    }
    expect(killed.length).toBeGreaterThan(10);
    await ground.close();
  });

  describe('in a bucket', () => {
    let ground: BucketGround;
    let proxy: HttpProxy;
    beforeAll(async () => {
      ground = await bucketGround('lake/', async (s3) => {
        proxy = await startHttpProxy(s3.endpoint);
        return proxy;
      });
    });
    afterAll(() => ground.close());

    test.each(['before', 'after'] as const)(
      '%s the service has done it',
      { timeout: TIMEOUT_MS },
      async (moment) => {
        const killed: number[] = [];
        for (let call = 1; call < MAX_CALLS; call++) {
          if (!(await killedAtWire(call, moment))) break;
          killed.push(call);
        }
        expect(killed.length).toBeGreaterThan(8);
        expect(ground.s3.uploads()).toEqual([]);
      },
    );

    async function killedAtWire(call: number, moment: Moment): Promise<boolean> {
      const top = `${moment}-${call}/`;
      const folder = `${top}orders/`;
      const made = { folder, keep: 1, scratch: ground.scratch };
      const { s3, bucket } = ground;
      const place: Place = { kind: 's3', endpoint: s3.endpoint, bucket, prefix: `lake/${folder}` };
      const store = await ground.open();
      for (const name of NEIGHBOURS) await store.writeText(top + name, 'theirs');
      await exportOnce(store, { ...made, name: 'run-2' });
      const stop = new AbortController();
      const gaps: string[] = [];
      let calls = 0;
      proxy.watch(async (at) => {
        gaps.push(...(await gapsNow(place)));
        if (at === moment && ++calls === call) stop.abort(new Error('killed'));
      });
      const doomed = await ground.open({ signal: stop.signal });
      const end = await exportOnce(doomed, { ...made, name: 'run-3' }).then(
        () => 'complete',
        (error: Error) => error.message,
      );
      await exportOnce(await ground.open(), { ...made, name: 'run-3' });
      proxy.watch(undefined);
      expect(gaps).toEqual([]);
      const left = [...namesOfExports(folder, ['run-3']), ...NEIGHBOURS.map((name) => top + name)];
      expect((await namesOf(store, top)).sort()).toEqual(left.sort());
      if (end !== 'complete') expect(end).toBe('killed');
      return end !== 'complete';
    }
  });
});
