import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countCommits } from '../engine/copy-parts.js';
import { type Counters, zeroCounters } from '../engine/counters.js';
import { remainder, type StepPast } from '../engine/journal.js';
import { foldBatches } from './fold-batches.js';
import { readHistory } from './runs.js';

const head = { is: 'run', format: 4, run: 'r', hash: 'h', at: '2026-11-21T06:00:00.000Z' };

async function pastOf(records: readonly unknown[]): Promise<StepPast> {
  const history = await readHistory({ read: async () => [head, ...records] }, 'r', {});
  return (
    history?.steps.get('s') ?? {
      copied: new Set(),
      intents: [],
      commits: new Map(),
      next: new Map(),
      moved: false,
    }
  );
}

function committed(token: string, rejected: number): object {
  const counts: Counters = { ...zeroCounters(), read: 2, written: 2 - rejected, rejected, units: 3 };
  return { is: 'commit', step: 's', token, counts };
}

/** What happens to a part: a batch is begun, one of those under way is in (perhaps with rejects), or a call ends and another goes on. */
type Act =
  | { readonly is: 'intend' }
  | { readonly is: 'commit'; readonly which: number; readonly rejected: number }
  | { readonly is: 'resume' };

const act = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Act>({ is: 'intend' }) },
  {
    weight: 6,
    arbitrary: fc.record({
      is: fc.constant('commit' as const),
      which: fc.nat(2),
      rejected: fc.integer({ min: -8, max: 1 }).map((some) => Math.max(0, some)),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Act>({ is: 'resume' }) },
);

interface Place {
  sequence: number;
  after: string | undefined;
  open: string[];
}

/** As engine/read-part and engine/copy-parts note it. */
async function journalOf(
  acts: readonly (readonly [part: string, act: Act])[],
  ranged: boolean,
  placed: boolean,
) {
  const records: object[] = [];
  const places = new Map<string, Place>();
  let tokens = 0;
  for (const [part, each] of acts) {
    const place: Place = places.get(part) ?? { sequence: 0, after: undefined, open: [] };
    places.set(part, place);
    if (each.is === 'intend') {
      const [token, to] = [`t${++tokens}`, `k${tokens}`];
      const from = place.after === undefined ? {} : { from: place.after };
      const position = placed ? { ...from, to } : {};
      records.push({
        is: 'intent',
        step: 's',
        token,
        part,
        sequence: place.sequence++,
        rows: 2,
        bytes: 7,
        ...position,
      });
      place.after = to;
      place.open.push(token);
    } else if (each.is === 'commit') {
      const [token] = place.open.splice(each.which, 1);
      if (token !== undefined) records.push(committed(token, each.rejected));
    } else {
      const left = remainder(await pastOf(records), part, ranged);
      records.push({ is: 'rewind', step: 's', part, sequence: left.keep });
      places.set(part, {
        sequence: left.sequence,
        after: left.after,
        open: left.again.map(({ token }) => token),
      });
    }
  }
  return records;
}

/** All that whoever goes on asks of a past. */
function asked(past: StepPast, ranged: boolean): object {
  const counters = zeroCounters();
  countCommits(counters, past);
  const rejected = [...past.commits].filter(([, counts]) => counts.rejected > 0);
  return { counters, rejected, left: ['0', '1'].map((part) => remainder(past, part, ranged)) };
}

const acts = fc.array(fc.tuple(fc.constantFrom('0', '1'), act), { maxLength: 60 });

test('whoever goes on does the same, however often records were folded on the way', async () => {
  await fc.assert(
    fc.asyncProperty(acts, fc.boolean(), fc.boolean(), fc.nat(40), async (done, ranged, placed, cut) => {
      const records = await journalOf(done, ranged, placed);
      const twice = foldBatches([...foldBatches(records.slice(0, cut)), ...records.slice(cut)]);
      const whole = asked(await pastOf(records), ranged);
      expect(asked(await pastOf(twice), ranged)).toEqual(whole);
      expect(twice.length).toBeLessThanOrEqual(records.length);
    }),
    { numRuns: 500 },
  );
});

test('a million batches that are in are one', () => {
  const batch = (sequence: number) => [
    {
      is: 'intent',
      step: 's',
      token: `t${sequence}`,
      part: '0',
      sequence,
      rows: 2,
      bytes: 7,
      from: `k${sequence - 1}`,
      to: `k${sequence}`,
    },
    committed(`t${sequence}`, 0),
  ];
  let records: readonly unknown[] = [];
  for (let start = 0; start < 1e6; start += 50_000) {
    const more = Array.from({ length: 50_000 }, (_, index) => batch(start + index)).flat();
    records = foldBatches([...records, ...more]);
  }
  expect(records).toMatchObject([
    { token: 't999999', sequence: 999_999, rows: 2e6, from: 'k-1', to: 'k999999' },
    { token: 't999999', counts: { read: 2e6, written: 2e6, units: 3e6 } },
  ]);
});
