/** The sums of docs/deploy.md, done anew from the prices that its formulas hold, and held against what a plan says. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { forecast } from '../../src/engine/forecast.js';
import type { CopyPlan } from '../../src/engine/plan.js';
import { deliveryDollars } from '../../src/engine/replicate/delivery-price.js';
import { keptStacks, ofType } from '../fixtures/kept-templates.js';

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
const call = price(row('all').formula, 'a million') / 1e6;
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

test('what is there when nothing runs costs by the month', () => {
  const { formula, example } = row('all');
  const { template } = keptOf('orders-nightly');
  const alarms = ofType(template, 'AWS::CloudWatch::Alarm').length;
  const [, dashboard, key] = /a dashboard (\d+) .*, the key of the topic (\d+)$/.exec(formula) ?? [];
  for (const type of ['AWS::CloudWatch::Dashboard', 'AWS::KMS::Key']) {
    expect(ofType(template, type)).toHaveLength(1);
  }
  const dollars = alarms * price(formula.replace('alarms ', ''), 'each') + Number(dashboard) + Number(key);
  expect(example).toBe(`nothing runs, ${alarms} alarms: ${cents(dollars)} a month`);
});

test('changes cost the functions that load them', () => {
  const { example } = row('F4');
  expect(example).toBe(
    `10⁶ changes in batches of 1,000, a second and 1 GiB each: ${cents(1000 * (gibSecond + call))}`,
  );
});

test('changes through a delivery stream cost as the stack gathers them, and as a plan says', () => {
  const { formula, example } = row('F4 by `via`');
  const gigabytes = (1e6 * 5 * 1024) / 2 ** 30;
  const firehose = gigabytes * price(formula, 'a GB');
  expect(deliveryDollars(1e6, 1000, 0)).toBeCloseTo(firehose, 10);
  const request = price(formula, 'a million') / 1e6;
  const puts = price(formula, 'a thousand puts');
  const object = (puts + price(formula, 'a thousand gets')) / 1000 + 3 * request;
  expect(deliveryDollars(0, 0, 1)).toBeCloseTo(object, 10);
  // A day, as the stack that the repository keeps gathers: 58 changes in 5 seconds, less than a MiB in a minute.
  const DAY = 86_400;
  const { seconds, forwarded } = gathering();
  const objects = DAY / seconds;
  const calls = DAY / forwarded + 2 * objects + 24;
  const said = [firehose, objects * object, 15 * 60 * 24 * request, calls * (0.5 * gibSecond + call)];
  const [gathered, moved, polled, called] = said.map(cents);
  expect(example).toBe(
    `10⁶ changes of 1 KB over a day, in ${thousands(objects)} objects: ${gathered}, ${moved} for objects, ${polled} for polls, ${called} for ${thousands(calls)} calls of half a second and 1 GiB`,
  );
});

function keptOf(pipeline: string) {
  const found = keptStacks().find(({ name }) => name === `sluice-${pipeline}`);
  if (!found) throw new Error(`no stack of ${pipeline} is kept`);
  return found;
}

/** What the formula says of when functions are called, held against a stack. */
function gathering(): { readonly seconds: number; readonly forwarded: number } {
  const { template } = keptOf('web-delivery');
  const mappings = new Map(ofType(template, 'AWS::Lambda::EventSourceMapping'));
  const forward = mappings.get('ForwardStepHitsMapping');
  expect(forward).toMatchObject({ BatchSize: 500, MaximumBatchingWindowInSeconds: 5 });
  const [[, stream] = []] = ofType(template, 'AWS::KinesisFirehose::DeliveryStream');
  const to = JSON.stringify(stream);
  expect(to).toContain('{"ParameterName":"BufferSizeInMBs","ParameterValue":"1"}');
  const seconds = Number(/"BufferIntervalInSeconds","ParameterValue":"(\d+)"/.exec(to)?.[1]);
  expect(to).toContain(`"IntervalInSeconds":${seconds}`);
  return { seconds, forwarded: Number(forward?.['MaximumBatchingWindowInSeconds']) };
}

function thousands(count: number): string {
  return count.toLocaleString('en-US');
}

test('endpoints cost by the hour, whether used or not', () => {
  const { formula, example } = row('VPC');
  const month = 2 * 2 * 730 * price(formula, 'an hour for each interface endpoint');
  expect(example).toBe(`two endpoints in two zones: ${Math.round(month)} a month`);
});
