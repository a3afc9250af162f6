/** Kinds of fault in pairs: a seeded sample, or with SLUICE_SWEEP=all every two that can strike one copy. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needsServer } from '../fixtures/servers.js';
import { type FaultGround, makeGround } from './fault-ground.js';
import type { Direction, FaultKind } from './fault-kind.js';
import { seededRandom } from './fault-plan.js';
import { faultKinds } from './fault-table.js';
import { tryCopy } from './fault-trial.js';

needsServer('mysql');
needsServer('dynamodb');

const isAll = process.env['SLUICE_SWEEP'] === 'all';
const SAMPLE = 14;
/** Other pairs each day, the same for everyone on that day. */
const SEED = Math.floor(Date.now() / 86_400_000);

interface Pair {
  readonly direction: Direction;
  readonly kinds: readonly [FaultKind, FaultKind];
}

let ground: FaultGround;
beforeAll(async () => {
  ground = await makeGround();
});
afterAll(() => ground.remove());

/** One state folder and one environment: two kinds that both arrange theirs cannot be had at once. */
function allPairs(): Pair[] {
  return (['from MySQL', 'into MySQL'] as const).flatMap((direction) => {
    const kinds = faultKinds.filter((kind) => kind.disturb(direction) && kind.missing?.() === undefined);
    const arranges = (kind: FaultKind) => kind.disturb(direction)?.arrange !== undefined;
    return kinds.flatMap((one, index) =>
      kinds
        .slice(index + 1)
        .filter((other) => !(arranges(one) && arranges(other)))
        .map((other): Pair => ({ direction, kinds: [one, other] })),
    );
  });
}

function chosenPairs(): Pair[] {
  const pairs = allPairs();
  if (isAll) return pairs;
  const random = seededRandom(SEED);
  const quick = pairs.filter(({ kinds }) => !kinds.some(({ long }) => long));
  return Array.from({ length: SAMPLE }, () => quick.splice(Math.floor(random() * quick.length), 1)).flat();
}

/** A run that meets both may end as each of them alone would have it end. */
function mayEnd({ kinds }: Pair, status: number | null, code: string | undefined): boolean {
  if (status === 0 || status === 3) return kinds.some(({ ends }) => ends === 'complete');
  if (status === 143 || status === null) return kinds.some(({ ends }) => ends === 'signal');
  return status === 4 && kinds.some(({ ends }) => Array.isArray(ends) && ends.includes(code));
}

describe.concurrent('nothing is lost and nothing doubled, by two kinds of fault in one run', () => {
  for (const pair of chosenPairs()) {
    const { direction, kinds } = pair;
    const title = `a copy ${direction}: ${kinds.map(({ name }) => name).join(' + ')}`;
    test(title, { timeout: 600_000 }, async () => {
      const disturbances = kinds.flatMap((kind) => kind.disturb(direction) ?? []);
      const { status, error, struck, problems } = await tryCopy(ground, direction, disturbances);
      expect(problems).toEqual([]);
      expect(struck, 'neither fault took place').toContain(true);
      expect(mayEnd(pair, status, error?.code), `exit ${status} ${JSON.stringify(error)}`).toBe(true);
    });
  }
});
