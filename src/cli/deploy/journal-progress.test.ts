import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseDeclaration } from '../../declare/load.js';
import type { Observer, StepEnd } from '../../flow/outcome.js';
import { FolderState } from '../../journal/files/folder-state.js';
import { RunJournal, readHistory } from '../../journal/runs.js';
import { declaredTree } from './declared-tree.js';
import { JournalProgress } from './journal-progress.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-progress-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const here = { connection: 'here' };
const text = JSON.stringify({
  pipeline: 'p',
  connections: {
    here: { kind: 'dynamodb', region: 'eu-west-1' },
    there: { kind: 'dynamodb', region: 'eu-north-1' },
  },
  steps: [
    { copy: 'out', from: { ...here, table: 'ones' }, to: { ...here, table: 'twos' }, pace: { items: 5 } },
    {
      parallel: [
        { wait: 'later', for: '10m' },
        { copy: 'many', from: { ...here, tables: ['x*'] }, to: { connection: 'there' } },
      ],
    },
  ],
});

/** What an observer is told, and the counters that it was given. */
function told() {
  const lines: string[] = [];
  const counters = new Map<string, Readonly<{ read: number }>>();
  const observer: Observer = {
    started: (name, counts, { attempt, rows, begun }) => {
      counters.set(name, counts);
      lines.push(`started ${name} attempt ${attempt} of ${rows} rows, begun: ${begun !== undefined}`);
    },
    waiting: (name, until) => lines.push(`waiting ${name} until ${until.toISOString()}`),
    said: () => undefined,
    ended: (name, { outcome, counters: counts }: StepEnd) =>
      lines.push(`ended ${name} ${outcome} ${counts.read}`),
  };
  return { lines, counters, observer };
}

it('tells of a run elsewhere what one here would tell: rows to come, what is done, attempts, waits and ends', async () => {
  const declaration = await parseDeclaration(text, 'p.yaml', { env: {}, cwd: folder });
  const state = new FolderState(folder, 'p');
  const firing = { time: '2026-11-01T06:00:00.000Z', zone: 'UTC' };
  const lease = await state.lease('runs');
  const head = { run: 'r', hash: '', firing, execution: 'arn:e' };
  const journal = await RunJournal.create(state.runs, head, lease);
  const { lines, counters, observer } = told();
  const progress = new JournalProgress(declaration, observer);
  const look = async () => {
    const history = await readHistory(state.runs, 'r');
    if (history) progress.see(history);
    return lines.splice(0);
  };
  const counts = { read: 10, written: 10, unchanged: 0, rejected: 0, bytes: 100, units: 10 };
  const out = journal.step('out');
  await journal.note({ is: 'planned', step: 'out', attempt: 'x' });
  expect(await look()).toEqual([]);
  await out.begin([{ id: '0', range: '{}' }], 400);
  expect(await look()).toEqual(['started out attempt 1 of 400 rows, begun: true']);
  await out.intend({ token: 't', part: '0', sequence: 0, rows: 10, bytes: 100 });
  await out.commit('t', counts);
  expect(await look()).toEqual([]);
  expect(counters.get('out')).toMatchObject({ read: 10, bytes: 100 });
  const error = { code: 'throttled', message: 'too fast' } as const;
  await journal.note({ is: 'failed', step: 'out', values: { outcome: 'failed', seconds: 1, error } });
  expect(await look()).toEqual(['ended out failed 10']);
  await out.complete({ ...counts, deleted: 0, seconds: 2, consistency: 'each item by itself' });
  expect(await look()).toEqual(['started out attempt 2 of 400 rows, begun: true', 'ended out complete 10']);
  await journal.note({ is: 'waiting', step: 'later', until: '2026-11-01T06:10:00.000Z' });
  expect([await look(), await look()]).toEqual([['waiting later until 2026-11-01T06:10:00.000Z'], []]);
  await journal.note({ is: 'ended', step: 'later', values: { outcome: 'complete', seconds: 600 } });
  await journal.note({ is: 'planned', step: 'many', attempt: 'y' });
  expect(await look()).toEqual(['ended later complete 0']);
  await journal.step('many.x1').begin([{ id: '0', range: '{}' }]);
  expect(await look()).toEqual(['started many.x1 attempt 1 of undefined rows, begun: true']);
  expect((await readHistory(state.runs, 'r'))?.resumed).toBeUndefined();
  await journal.close();
  const again = await RunJournal.reopen(state.runs, 'r', lease, 'arn:f');
  await again.close();
  expect(await readHistory(state.runs, 'r')).toMatchObject({ resumed: true, execution: 'arn:f' });
  await lease.release();
});

it('draws the tree of the declaration before anything has begun', async () => {
  const declaration = await parseDeclaration(text, 'p.yaml', { env: {}, cwd: folder });
  const tree = declaredTree(declaration.steps).map(({ name, label, kind, pace }) => [
    name,
    label,
    kind,
    pace,
  ]);
  expect(tree).toEqual([
    ['out', 'out', 'rows', 5],
    ['steps[1]', 'parallel', 'plain', undefined],
    ['later', '├ later', 'plain', undefined],
  ]);
});
