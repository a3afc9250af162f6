import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportOnce, namesOfExports, namesOfNewest } from '../fixtures/exports.js';
import { type BucketGround, bucketGround, folderGround, namesOf } from '../fixtures/stores.js';
import { look, type Place } from './export-look.js';
import { type HttpProxy, type Moment, startHttpProxy } from './http-proxy.js';
import { killedAtCall } from './killed-store.js';
import { sweepExtent } from './sweep-extent.js';

const TIMEOUT_MS = 3_600_000;
/** Beside `orders/`, and beside an export: a bare prefix would take them too. */
const NEIGHBOURS = ['orders-old/a', 'orders2/a', 'orders/run-22/a', 'orders.json'];
/** More calls than one run makes. */
const MAX_CALLS = 200;
/** Every call where all moments are asked for, else one in so many. */
const STEP = sweepExtent(1).isWhole ? 1 : 6;

/** What readers miss at this instant: who goes by LATEST.json, and who takes all that lies below `newest/`. */
async function gapsNow(place: Place, names: () => Promise<readonly string[]>): Promise<readonly string[]> {
  const { version, problems } = await look(place);
  if (version === undefined) return ['LATEST.json is gone'];
  const shown = new Map<string, number>();
  for (const name of await names()) {
    const [, own] = /\/newest\/([^/]+)\//.exec(name) ?? [];
    if (own) shown.set(own, (shown.get(own) ?? 0) + 1);
  }
  const isWhole = [...shown.values()].includes(2);
  return isWhole ? problems : [...problems, `newest/ holds none whole: ${[...shown]}`];
}

describe('a run that is killed at any call to its store', () => {
  test('in a folder', { timeout: TIMEOUT_MS }, async () => {
    const keep = 2;
    const ground = await folderGround();
    const killed: number[] = [];
    for (let call = 1; call < MAX_CALLS; call += STEP) {
      const top = `t${call}/`;
      const made = { folder: `${top}orders/`, keep, scratch: ground.scratch, newest: true } as const;
      const place: Place = { kind: 'folder', path: `${ground.folder}/${top}orders` };
      const store = await ground.open();
      for (const name of NEIGHBOURS) await store.writeText(top + name, 'theirs');
      for (const name of ['run-1', 'run-2']) await exportOnce(store, { ...made, name });
      const names = () => namesOf(store, `${top}orders/newest/`);
      const gaps: string[] = [];
      const doomed = killedAtCall(store, call, async () => void gaps.push(...(await gapsNow(place, names))));
      const isKilled = await doomed.run((own) => exportOnce(own, { ...made, name: 'run-3' }));
      await exportOnce(await ground.open(), { ...made, name: 'run-3' });
      expect([...gaps, ...(await gapsNow(place, names))]).toEqual([]);
      const left = [
        ...namesOfExports(`${top}orders/`, ['run-2', 'run-3'].slice(-keep)),
        ...namesOfNewest(`${top}orders/`, 'run-3'),
        ...NEIGHBOURS.map((name) => top + name),
      ];
      expect((await namesOf(store, top)).sort()).toEqual(left.sort());
      const onDisk = await readdir(ground.folder, { recursive: true });
      expect(onDisk.filter((name) => /(^|\/)\.sluice/.test(name))).toEqual([]);
      if (!isKilled) break;
      killed.push(call);
    }
    expect(killed.length).toBeGreaterThan(15 / STEP);
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
        for (let call = moment === 'before' || STEP === 1 ? 1 : 3; call < MAX_CALLS; call += STEP) {
          if (!(await killedAtWire(call, moment))) break;
          killed.push(call);
        }
        expect(killed.length).toBeGreaterThan(15 / STEP);
        expect(ground.s3.uploads()).toEqual([]);
      },
    );

    async function killedAtWire(call: number, moment: Moment): Promise<boolean> {
      const top = `${moment}-${call}/`;
      const folder = `${top}orders/`;
      const made = { folder, keep: 1, scratch: ground.scratch, newest: true } as const;
      const { s3, bucket } = ground;
      const place: Place = { kind: 's3', endpoint: s3.endpoint, bucket, prefix: `lake/${folder}` };
      const store = await ground.open();
      for (const name of NEIGHBOURS) await store.writeText(top + name, 'theirs');
      await exportOnce(store, { ...made, name: 'run-2' });
      const stop = new AbortController();
      const gaps: string[] = [];
      const names = () => s3.keys(bucket, `lake/${folder}newest/`);
      let calls = 0;
      proxy.watch(async (at) => {
        gaps.push(...(await gapsNow(place, names)));
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
      const left = [
        ...namesOfExports(folder, ['run-3']),
        ...namesOfNewest(folder, 'run-3'),
        ...NEIGHBOURS.map((name) => top + name),
      ];
      expect((await namesOf(store, top)).sort()).toEqual(left.sort());
      if (end !== 'complete') expect(end).toBe('killed');
      return end !== 'complete';
    }
  });
});
