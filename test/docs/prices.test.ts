/** The sums of docs/deploy.md, done anew from the prices that its formulas hold, and held against what a plan says. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { forecast } from '../../src/engine/forecast.js';
import type { CopyPlan } from '../../src/engine/plan.js';

const page = readFileSync(join(resolve(import.meta.dirname, '../..'), 'docs/deploy.md'), 'utf8');

/** Formula and example of a flow's row. */
function row(flow: string): { readonly formula: string; readonly example: string } {
  const [, formula = '', example = ''] =
    new RegExp(`^\\| ${flow} \\| (.*) \\| (.*) \\|$`, 'm').exec(page) ?? [];
  expect(example, flow).not.toBe('');
  return { formula, example };
}

/** The number before the words. */
function price(formula: string, words: string): number {
  const [, number] = new RegExp(`([\\d.]+) ${words}`).exec(formula) ?? [];
  expect(number, words).toBeDefined();
  return Number(number);
}

const gibSecond = Number(/P × T × M × ([\d.]+)/.exec(row('all').formula)?.[1]);
const cents = (dollars: number) => dollars.toFixed(2);

/** What `sluice plan` says of a copy with so many units. */
function planned(write: number, read: number): number | undefined {
  const plan = {
    description: { rows: 1e6, units: read },
    sinkPlan: { units: write },
    step: { pace: {} },
  };
  return forecast(plan as unknown as CopyPlan).dollars;
}

test('a batch costs what a plan says of its units, and its functions', () => {
  const { formula, example } = row('F1');
  const writes = price(formula, 'a million writes');
  const reads = price(formula, 'a million reads');
  expect(planned(1e6, 0)).toBeCloseTo(writes, 10);
  expect(planned(0, 1e6)).toBeCloseTo(reads, 10);
  const functions = 4 * 300 * 1 * gibSecond;
  expect(example).toBe(`10⁶ rows of 1 KB, 4 parts, 5 minutes: ${cents(writes)} + ${cents(functions)}`);
});

test('chosen items cost the sender and two receivers for as long as their pace takes, and three requests each', () => {
  const { formula, example } = row('F2');
  const requests = (3 * 10_000 * price(formula, 'a million requests')) / 1e6;
  expect(example).toContain(`${(10_000 / 3600).toFixed(1)} hours`);
  expect(example).toContain(`${cents(3 * 10_000 * gibSecond)}, and ${cents(requests)}`);
});

test('an export costs by the size of its snapshot', () => {
  const { formula, example } = row('F3');
  expect(example).toBe(`500 GB a night: ${500 * price(formula, 'for each GB')}`);
});

test('a change counts as 5 KB to Firehose', () => {
  const { formula, example } = row('F4');
  const gigabytes = (1e6 * 5) / 1e6;
  expect(example).toContain(`: ${cents(gigabytes * price(formula, 'a GB'))},`);
});

test('endpoints cost by the hour, whether used or not', () => {
  const { formula, example } = row('VPC');
  const month = 2 * 2 * 730 * price(formula, 'an hour for each interface endpoint');
  expect(example).toBe(`two endpoints in two zones: ${Math.round(month)} a month`);
});
