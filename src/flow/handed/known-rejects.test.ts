import { expect, it } from 'vitest';
import type { RejectRecord } from '../../engine/rejects.js';
import { KnownRejects } from './known-rejects.js';

function reject(token: string, reason: RejectRecord['reason'] = 'check_failed'): RejectRecord {
  const about = { step: 'hits', run: 'r', part: 'changes', message: '', key: {}, row: {} };
  return { ...about, token, reason, index: 0, attempts: 1, at: '2026-11-21T15:00:00Z' };
}

const settled = { token: 'a', index: 0, settled: 'written', at: '2026-11-21T16:00:00Z' } as const;

it('a reject that was kept says nothing new, unless for another reason or after it was settled', () => {
  const known = new KnownRejects();
  const lines = [reject('a'), reject('b')];
  expect(known.unknown(lines)).toEqual(lines);
  known.keep(lines);
  expect(known.unknown([...lines, reject('c')])).toEqual([reject('c')]);
  expect(known.unknown([reject('a', 'parse_failed')])).toHaveLength(1);
  expect(known.unknown([settled])).toEqual([settled]);
  known.keep([settled]);
  expect(known.unknown(lines)).toEqual([reject('a')]);
});

it('only the last thousand are known, so that memory is bounded', () => {
  const known = new KnownRejects();
  const lines = Array.from({ length: 1001 }, (_, index) => reject(`${index}`));
  known.keep(lines);
  expect(known.unknown(lines)).toEqual([reject('0')]);
});
