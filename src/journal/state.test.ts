import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type StateGround, stateGrounds } from '../../test/fixtures/states.js';
import { forgetKeys, KeyLog } from './key-log.js';
import type { Guard } from './state.js';

const free: Guard = { check: async () => undefined };
const numbered = (count: number) => Array.from({ length: count }, (_, n) => ({ n }));

/** What every place for a state promises. */
describe.each(stateGrounds)('a state %s', { timeout: 60_000 }, (_name, openGround) => {
  let ground: StateGround;
  let pipelines = 0;
  const state = () => ground.state(`p${pipelines}`);
  beforeAll(async () => {
    ground = await openGround();
  });
  afterAll(() => ground.close());
  beforeEach(() => {
    pipelines++;
  });

  test('gives back what was added, in order, also when many add at once', async () => {
    const { log } = await state().runs.open('a', free);
    await Promise.all(numbered(500).map((record) => log.add(record)));
    await log.close();
    const again = await state().runs.open('a', free);
    expect(again.records).toEqual(numbered(500));
    await again.log.add({ n: 500 });
    await again.log.close();
    expect(await state().runs.read('a')).toEqual(numbered(501));
  });

  test('rewrites a log all at once, in order with what is added before and after', async () => {
    for (const logs of [state().runs, state().received]) {
      const { log } = await logs.open('a', free);
      await log.add({ n: 1 });
      await Promise.all([
        log.add({ n: 2 }),
        log.rewrite((records) => [{ sum: records.length }]),
        log.add({ n: 3 }),
        log.rewrite((records) => [...records, { sum: records.length }]),
        log.add({ n: 4 }),
      ]);
      await log.close();
      expect(await logs.read('a')).toEqual([{ sum: 2 }, { n: 3 }, { sum: 2 }, { n: 4 }]);
    }
  });

  test('rewrites a log of which nothing was written', async () => {
    const { log } = await state().runs.open('a', free);
    await log.rewrite(() => [{ n: 1 }]);
    await log.rewrite(() => []);
    await log.add({ n: 2 });
    await log.close();
    expect(await state().runs.read('a')).toEqual([{ n: 2 }]);
  });

  test('keeps records that are longer than an item or a line of most', async () => {
    const long = { text: 'é'.repeat(600_000) };
    const { log } = await state().runs.open('a', free);
    await Promise.all([log.add({ n: 1 }), log.add(long), log.add({ n: 2 })]);
    await log.close();
    expect(await state().runs.read('a')).toEqual([{ n: 1 }, long, { n: 2 }]);
  });

  test('lets any number of processes add to a log, and gives what all have added one record at a time', async () => {
    const { keys } = state();
    await keys.create('r1.a', [{ n: -1 }]);
    const logs = await Promise.all([state().keys.addBeside('r1.a'), state().keys.addBeside('r1.a')]);
    const long = { text: 'é'.repeat(100_000) };
    await Promise.all(logs.flatMap((log) => [...numbered(300), long].map((record) => log.add(record))));
    await Promise.all(logs.map((log) => log.close()));
    const late = await state().keys.addBeside('r1.a');
    await late.add({ n: 300 });
    await late.close();
    const found: unknown[] = [];
    for await (const record of keys.each('r1.a')) found.push(record);
    expect(found).toHaveLength(1 + 2 * 301 + 1);
    expect(found.filter((record) => (record as { n?: number }).n === 299)).toHaveLength(2);
    expect(found).toContainEqual(long);
    expect(found).toContainEqual({ n: 300 });
    await keys.remove('r1.a');
    for await (const _ of keys.each('r1.b')) throw new Error('nobody has written it');
    expect(await keys.names()).toEqual([]);
  });

  test('keeps the keys of a run until they are forgotten, or another run of the copy begins', async () => {
    const kept = async (run: string, copy: string) => {
      const digests: Buffer[] = [];
      for await (const some of new KeyLog(state().keys, run, copy).all()) digests.push(some);
      return Buffer.concat(digests).toString();
    };
    const one = new KeyLog(state().keys, 'r1', 'a.b');
    const other = new KeyLog(state().keys, 'r1', 'b');
    await Promise.all([one.begin(), other.begin()]);
    await Promise.all([one.add(Buffer.from('one')), other.add(Buffer.from('other'))]);
    const resumed = new KeyLog(state().keys, 'r1', 'a.b');
    await resumed.resume();
    await resumed.add(Buffer.from('two'));
    await Promise.all([one, other, resumed].map((log) => log.close()));
    expect([...(await kept('r1', 'a.b'))].sort().join('')).toBe('enootw');
    const next = new KeyLog(state().keys, 'r2', 'a.b');
    await next.begin();
    await expect(one.resume()).rejects.toMatchObject({ code: 'state_unusable' });
    expect(await kept('r1', 'b')).toBe('other');
    await next.forget();
    await forgetKeys(state().keys, 'r1');
    expect(await state().keys.names()).toEqual([]);
  });

  test('records nothing once the guard says that the right to write is lost', async () => {
    let isLost = false;
    const { log } = await state().runs.open('a', {
      check: async () => {
        if (isLost) throw new Error('lost');
      },
    });
    await log.add({ n: 1 });
    isLost = true;
    await expect(log.add({ n: 2 })).rejects.toThrow('lost');
    await expect(log.rewrite(() => [])).rejects.toThrow('lost');
    await log.close();
    expect(await state().runs.read('a')).toEqual([{ n: 1 }]);
  });

  test('knows logs by their names, whatever stands in them, and one kind from another', async () => {
    const names = ['a', 'a.b', 'a/b#c', 'ä é'];
    for (const name of names) await state().rejects('r1').create(name, [{ name }]);
    await state().rejects('r10').create('a', []);
    await state().reports.create('a', [{ n: 1 }]);
    expect(await state().rejects('r1').names()).toEqual(names);
    for (const name of names) expect(await state().rejects('r1').read(name)).toEqual([{ name }]);
    await state().rejects('r1').remove('a.b');
    expect(await state().rejects('r1').names()).toEqual(['a', 'a/b#c', 'ä é']);
    await state().rejects('r1').removeAll();
    expect(await state().rejects('r1').names()).toEqual([]);
    expect(await state().rejects('r1').read('a')).toEqual([]);
    expect(await state().reports.read('a')).toEqual([{ n: 1 }]);
    expect(await state().runs.names()).toEqual([]);
    expect(await ground.state(`p${pipelines}x`).reports.names()).toEqual([]);
  });

  test('makes no log that is there', async () => {
    await state().reports.create('a', [{ n: 1 }]);
    await expect(state().reports.create('a', [{ n: 2 }])).rejects.toThrow();
    expect(await state().reports.read('a')).toEqual([{ n: 1 }]);
  });

  test('adds to a log that was made whole', async () => {
    await state().reports.create('a', numbered(3));
    const { log } = await state().reports.open('a', free);
    await log.add({ n: 3 });
    await log.close();
    expect(await state().reports.read('a')).toEqual(numbered(4));
  });

  test('gives one lease at a time, and another for the schedule', async () => {
    const lease = await state().lease('runs');
    await lease.name('r1');
    await expect(state().lease('runs')).rejects.toMatchObject({
      code: 'run_locked',
      message: expect.stringContaining('run r1'),
    });
    const server = await state().lease('serve');
    await lease.check();
    await lease.release();
    const next = await state().lease('runs');
    await expect(lease.check()).rejects.toMatchObject({ code: 'run_locked' });
    const { log } = await state().runs.open('r1', next);
    await log.add({ n: 1 });
    await lease.release();
    await log.add({ n: 2 });
    await Promise.all([next.release(), server.release()]);
  });

  test('keeps what a server remembers', async () => {
    expect(await state().served.read()).toBeUndefined();
    const at = '2026-11-21T06:00:00.000Z';
    for (const schedule of ['rate 1 minute UTC', 'rate 2 minutes UTC']) {
      await state().served.write({ schedule, start: at, handled: at });
      expect(await state().served.read()).toEqual({ schedule, start: at, handled: at });
    }
  });
});
