import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type StateGround, stateGrounds } from '../../test/fixtures/states.js';
import { zeroCounters } from '../engine/counters.js';
import type { StepJournal } from '../engine/journal.js';
import { RunJournal, readHistory } from './runs.js';
import type { Logs } from './state.js';

/** One run's journal, written by several at once. */
describe.each(stateGrounds)('%s', { timeout: 60_000 }, (_name, openGround) => {
  let ground: StateGround;
  const open: RunJournal[] = [];
  beforeAll(async () => {
    ground = await openGround();
  });
  afterAll(async () => {
    await Promise.all(open.map((journal) => journal.close()));
    await ground.close();
  });

  const firing = { time: '2026-11-21T06:00:00.000Z', zone: 'UTC' };
  const part = (id: string) => ({ id, range: '{}' });
  const counts = { ...zeroCounters(), read: 1, written: 1 };

  async function begun(pipeline: string) {
    const { runs } = ground.state(pipeline);
    const guard = { check: async () => undefined };
    const main = await RunJournal.create(runs, { run: 'run-1', hash: 'h', firing }, guard);
    await main.close();
    return runs;
  }

  async function beside(runs: Logs, writer: string): Promise<StepJournal> {
    const journal = await RunJournal.beside(runs, 'run-1', writer);
    open.push(journal);
    return journal.step('orders');
  }

  test('what several write of a run at once is one journal for whoever reads it', async () => {
    const runs = await begun('several');
    const planner = await beside(runs, 'orders');
    await planner.begin([part('0'), part('1')]);
    const workers = await Promise.all(['0', '1'].map((id) => beside(runs, `[${id}]orders`)));
    for (const worker of workers) expect(worker.past.parts).toHaveLength(2);
    await Promise.all(
      workers.map(async (journal, index) => {
        const token = `${index}.0`;
        await journal.intend({ token, part: String(index), sequence: 0, rows: 1, bytes: 1, to: 'k' });
        await journal.commit(token, counts);
        if (index === 0) await journal.copied('0');
      }),
    );
    const { past } = await beside(runs, 'orders');
    expect(past.intents.map(({ token }) => token)).toEqual(['0.0', '1.0']);
    expect([...past.commits.keys()]).toEqual(['0.0', '1.0']);
    expect([...past.copied]).toEqual(['0']);
    expect(Date.parse(past.begun ?? '')).toBeGreaterThan(0);
    expect(await runs.names()).toEqual(['run-1']);
    expect((await readHistory(runs, 'run-1'))?.steps.get('orders')?.intents).toHaveLength(2);
  });

  test('whoever is begun a second time shuts the first out, and only it', async () => {
    const runs = await begun('twice');
    const first = await beside(runs, '[0]orders');
    const other = await beside(runs, '[1]orders');
    const second = await beside(runs, '[0]orders');
    await expect(first.commit('0.0', counts)).rejects.toMatchObject({ code: 'run_locked' });
    await second.commit('0.1', counts);
    await other.commit('1.0', counts);
    const past = (await readHistory(runs, 'run-1'))?.steps.get('orders');
    expect([...(past?.commits.keys() ?? [])]).toEqual(['0.1', '1.0']);
  });

  test('batches that are in are one for whoever goes on, and each by itself for whoever asks', async () => {
    const runs = await begun('folded');
    await (await beside(runs, 'orders')).begin([part('0'), part('1')]);
    const worker = await beside(runs, '[0]orders');
    for (const sequence of [0, 1, 2]) {
      const from = sequence === 0 ? {} : { from: `k${sequence - 1}` };
      const token = `0.${sequence}`;
      await worker.intend({ token, part: '0', sequence, rows: 1, bytes: 1, ...from, to: `k${sequence}` });
      if (sequence < 2) await worker.commit(token, counts);
    }
    const { past } = await beside(runs, '[0]orders');
    expect(past.intents.map(({ token, rows, from, to }) => ({ token, rows, from, to }))).toEqual([
      { token: '0.1', rows: 2, to: 'k1' },
      { token: '0.2', rows: 1, from: 'k1', to: 'k2' },
    ]);
    expect([...past.commits]).toEqual([['0.1', { ...counts, read: 2, written: 2 }]]);
    const each = (await readHistory(runs, 'run-1', {}))?.steps.get('orders');
    expect(each?.intents.map(({ token }) => token)).toEqual(['0.0', '0.1', '0.2']);
    const other = await RunJournal.beside(runs, 'run-1', '[1]orders', (writer) => writer !== '[0]orders');
    open.push(other);
    expect(other.step('orders').past).toMatchObject({ parts: [{}, {}], intents: [] });
  });

  test('a run that is forgotten takes all of it along', async () => {
    const runs = await begun('gone');
    await (await beside(runs, 'orders')).begin([part('0')]);
    await runs.remove('run-1');
    expect(await runs.read('run-1')).toEqual([]);
  });
});
