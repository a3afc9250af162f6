/** Each kind of fault alone, in a copy from MySQL or in one into it: nothing is lost and nothing doubled. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needsServer } from '../fixtures/servers.js';
import { type FaultGround, makeGround } from './fault-ground.js';
import type { Direction } from './fault-kind.js';
import { faultKinds } from './fault-table.js';
import { tryCopy } from './fault-trial.js';

needsServer('mysql');
needsServer('dynamodb');

let ground: FaultGround;
beforeAll(async () => {
  ground = await makeGround();
});
afterAll(() => ground.remove());

const directions: readonly Direction[] = ['from MySQL', 'into MySQL'];
/** Where a kind can strike both copies it strikes the other one each day; both with SLUICE_SWEEP=all. */
const isAll = process.env['SLUICE_SWEEP'] === 'all';
const DAY = Math.floor(Date.now() / 86_400_000);
const cases = faultKinds.flatMap((kind, index) => {
  const possible = directions.filter((direction) => kind.disturb(direction) !== undefined);
  return possible
    .filter((_, at) => isAll || at === (index + DAY) % possible.length)
    .map((direction) => ({ direction, kind, name: kind.name, missing: kind.missing?.() }));
});

describe.concurrent('nothing is lost and nothing doubled, by each kind of fault', () => {
  for (const { direction, kind, name, missing } of cases) {
    const title = `a copy ${direction}: ${name}${missing === undefined ? '' : ` (skipped: ${missing})`}`;
    test.skipIf(missing !== undefined)(title, { timeout: 600_000 }, async () => {
      const disturbance = kind.disturb(direction);
      if (!disturbance) throw new Error('the kind does not apply');
      const { status, error, struck, problems } = await tryCopy(ground, direction, [disturbance]);
      expect(problems).toEqual([]);
      expect(struck, 'the fault did not take place').toEqual([true]);
      if (kind.ends === 'complete') expect([0, 3], JSON.stringify(error)).toContain(status);
      else if (kind.ends === 'signal') expect([143, null]).toContain(status);
      else {
        expect({ status, code: error?.code }).toEqual({ status: 4, code: kind.ends[0] });
        expect(error?.hint).toBeTruthy();
      }
    });
  }
});

test('there are at least thirty kinds, and docs/failure-behaviour.md has each of them and no other', async () => {
  expect(faultKinds.length).toBeGreaterThanOrEqual(30);
  const page = await readFile(resolve(import.meta.dirname, '../../docs/failure-behaviour.md'), 'utf8');
  const table = page.slice(page.indexOf('## The kinds of fault that are tried'));
  const named = [...table.matchAll(/^\| (?!---|kind)([^|]+) \|/gm)].map(([, name]) => name?.trim());
  expect(named.sort()).toEqual(faultKinds.map(({ name }) => name).sort());
});
