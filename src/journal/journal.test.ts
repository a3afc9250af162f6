import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type StateGround, stateGrounds } from '../../test/fixtures/states.js';
import { countsOf, remainder } from '../engine/journal.js';
import { pruneRuns } from './prune.js';
import { isResumable, RunJournal, readHistory } from './runs.js';
import type { Guard } from './state.js';

const firing = {
  time: '2026-11-01T06:00:00.000Z',
  start: '2026-10-31T06:00:00.000Z',
  end: '2026-11-01T06:00:00.000Z',
  zone: 'Europe/Berlin',
};
const begun = (run: string) => ({ run, hash: 'hash', firing });
const free: Guard = { check: async () => undefined };
const counts = { read: 2, written: 2, unchanged: 0, rejected: 0, bytes: 9, units: 2 };

describe.each(stateGrounds)('%s', { timeout: 60_000 }, (_name, openGround) => {
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
  const write = async (run: string, records: readonly object[]) => {
    const { log } = await state().runs.open(run, free);
    for (const record of records) await log.add(record);
    await log.close();
  };

  describe('the journal of a run', () => {
    test('keeps what the run acts for over all its attempts', async () => {
      const journal = await RunJournal.create(state().runs, begun('r1'), free);
      await journal.close();
      await (await RunJournal.reopen(state().runs, 'r1', free)).close();
      expect((await readHistory(state().runs, 'r1'))?.firing).toEqual(firing);
    });

    test('of before firings were recorded acts for the moment at which the run began', async () => {
      const began = '2026-10-01T00:00:00.000Z';
      const record = { is: 'run', format: 1, run: 'r1', hash: 'hash', at: began };
      await write('r1', [record]);
      expect((await readHistory(state().runs, 'r1'))?.firing).toEqual({ time: began, zone: 'UTC' });
    });

    test('tells after a kill what was done', async () => {
      const journal = await RunJournal.create(state().runs, begun('r1'), free);
      const step = journal.step('copy');
      await step.begin([{ id: '0', range: '' }]);
      await step.intend({ token: '0.0', part: '0', sequence: 0, rows: 2, bytes: 9, to: 'b' });
      await step.commit('0.0', counts);
      await step.intend({ token: '0.1', part: '0', sequence: 1, rows: 2, bytes: 9, from: 'b', to: 'd' });
      await journal.close();
      const history = await readHistory(state().runs, 'r1');
      expect(history && isResumable(history)).toBe(true);
      const past = history?.steps.get('copy');
      expect(past?.commits.get('0.0')).toEqual(counts);
      expect(past && remainder(past, '0', true)).toEqual({
        again: [{ token: '0.1', part: '0', sequence: 1, rows: 2, bytes: 9, from: 'b', to: 'd' }],
        after: 'd',
        keep: 2,
        sequence: 2,
        done: counts,
      });
      expect(past && remainder(past, '0', false)).toEqual({
        again: [],
        after: 'b',
        keep: 1,
        sequence: 2,
        done: counts,
      });
    });

    test('that ended cannot be resumed, and goes on when it was stopped', async () => {
      for (const [outcome, resumable] of [
        ['complete', false],
        ['rejects', false],
        ['abandoned', false],
        ['stopped', true],
        ['interrupted', true],
      ] as const) {
        const journal = await RunJournal.create(state().runs, begun(outcome), free);
        await journal.end(outcome);
        await journal.close();
        const history = await readHistory(state().runs, outcome);
        expect(history && isResumable(history)).toBe(resumable);
      }
      expect(await state().runs.names()).toEqual([
        'abandoned',
        'complete',
        'interrupted',
        'rejects',
        'stopped',
      ]);
    });

    test('of another format is refused', async () => {
      await write('r1', [{ is: 'run', format: 99 }]);
      await expect(readHistory(state().runs, 'r1')).rejects.toMatchObject({ code: 'state_unusable' });
    });

    test('forgets what was rewound, but never uses its tokens again', async () => {
      const journal = await RunJournal.create(state().runs, begun('r1'), free);
      const step = journal.step('copy');
      for (const [sequence, from, to] of [
        [0, '', 'b'],
        [1, 'b', 'd'],
        [2, 'd', 'f'],
      ] as const) {
        await step.intend({ token: `0.${sequence}`, part: '0', sequence, rows: 2, bytes: 9, from, to });
      }
      await step.commit('0.0', counts);
      await step.commit('0.2', counts);
      await step.rewind('0', 1);
      await journal.refresh();
      const { past } = journal.step('copy');
      expect(past.intents.map((intent) => intent.token)).toEqual(['0.0']);
      expect(remainder(past, '0', false)).toMatchObject({ after: 'b', sequence: 3 });
      await journal.close();
    });
  });

  describe('old runs', () => {
    const told = async (run: string, started: string, step: string, end?: string) =>
      write(run, [
        { is: 'run', format: 1, run, hash: 'h', at: started },
        { is: 'parts', step, parts: [] },
        ...(end ? [{ is: 'end', outcome: end, at: started }] : []),
      ]);

    test('go with their rejects, but not those that can be resumed or hold the open rejects of a step', async () => {
      await told('r1', '2026-01-01T00:00:00Z', 'a', 'complete');
      await told('r2', '2026-01-02T00:00:00Z', 'only-here', 'rejects');
      await told('r3', '2026-01-03T00:00:00Z', 'a');
      await told('r4', '2026-01-04T00:00:00Z', 'a', 'complete');
      await state()
        .rejects('r1')
        .create('a', [{ reason: 'value_range' }]);
      await state()
        .rejects('r2')
        .create('only-here', [{ reason: 'value_range' }]);
      expect(await pruneRuns(state(), Date.parse('2026-02-01T00:00:00Z'))).toEqual([]);
      expect(await pruneRuns(state(), Date.parse('2026-12-01T00:00:00Z'))).toEqual(['r1']);
      expect(await state().runs.names()).toEqual(['r2', 'r3', 'r4']);
      expect(await state().rejects('r1').names()).toEqual([]);
      expect(await state().rejects('r2').names()).toEqual(['only-here']);
    });
  });

  describe('the journal of a replicate', () => {
    const point = {
      of: 'feed',
      since: 'r',
      place: 'p0',
      counts: { ...counts, read: 0, written: 0 },
      sequence: 0,
    };
    const load = (sequence: number) => ({
      token: `load.${sequence}`,
      sequence,
      rows: 2,
      bytes: 9,
      stretches: [{ shard: 's', from: 'a', to: `${sequence}` }],
    });

    test('holds the place and the loads since, however many there were before', async () => {
      const run = await RunJournal.create(state().runs, begun('r'), free);
      const journal = run.followed('hits');
      await run.step('other').begin([{ id: '0', range: '{}' }]);
      await journal.begin(point);
      const sizes: number[] = [];
      for (let sequence = 0; sequence < 40; sequence++) {
        await journal.intend(load(sequence));
        await journal.commit(`load.${sequence}`, counts);
        if (sequence % 10 !== 9) continue;
        const done = 2 * (sequence + 1);
        const sum = { ...counts, read: done, written: done };
        await journal.checkpoint({ ...point, place: `p${sequence}`, counts: sum, sequence: sequence + 1 });
        sizes.push(JSON.stringify(await state().runs.read('r')).length);
      }
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(20);
      await journal.intend(load(40));
      await journal.commit('load.40', counts);
      await journal.intend(load(41));
      await run.close();
      const history = await readHistory(state().runs, 'r');
      const past = history?.steps.get('hits');
      expect(past?.followed).toMatchObject({ place: 'p39', sequence: 40, loads: [load(40), load(41)] });
      expect(past?.commits).toEqual(new Map([['load.40', counts]]));
      expect(countsOf(past)).toMatchObject({ read: 82, written: 82 });
      expect(history?.steps.get('other')?.parts).toHaveLength(1);
    });
  });
});

describe('what is left of a part', () => {
  test('without positions is everything', () => {
    const intents = [{ token: '0.0', part: '0', sequence: 0, rows: 2, bytes: 9 }];
    const past = {
      intents,
      commits: new Map([['0.0', counts]]),
      next: new Map([['0', 1]]),
      moved: false,
      copied: new Set<string>(),
    };
    expect(remainder(past, '0', true)).toMatchObject({ again: [], keep: 0, sequence: 1 });
    expect(remainder(past, '0', true).after).toBeUndefined();
    expect(remainder(past, '0', true).done.read).toBe(0);
  });
});
