import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bucketed } from '../../connectors/buckets.js';
import type { Expected } from '../../connectors/comparison.js';
import { compareBuckets } from './compare-buckets.js';
import { SideWriter } from './records.js';

let folder: string;
let label = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-compare-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function side(rows: readonly Expected[], keyed: boolean) {
  return await bucketed(folder, `side${label++}`, async (buckets) => {
    const writer = new SideWriter(buckets, keyed);
    for (const [place, row] of rows.entries()) await writer.add(row, place);
  });
}

async function compare(expected: readonly Expected[], actual: readonly Expected[], keyed = true) {
  const counts = { equal: 0, superseded: 0 };
  const files = [await side(expected, keyed), await side(actual, keyed)] as const;
  const found: string[] = [];
  for await (const verdict of compareBuckets(...files, keyed, counts)) {
    found.push(keyed ? `${verdict.kind} ${verdict.name}` : verdict.kind);
  }
  return { ...counts, found: found.sort() };
}

const row = (key: string, content = 'same'): Expected => ({ key, content });
const refused = (key?: string): Expected => ({
  refused: { row: 0, code: 'value_range', message: 'no' },
  ...(key === undefined ? {} : { key }),
});

describe('rows with keys', () => {
  test('are equal, missing, extra or changed, exactly', async () => {
    const contents = fc.dictionary(fc.string({ minLength: 1 }), fc.constantFrom('a', 'b'), { maxKeys: 40 });
    const property = fc.asyncProperty(contents, contents, async (left, right) => {
      const rows = (from: Record<string, string>) =>
        Object.entries(from).map(([key, value]) => row(key, value));
      const has = (from: object, key: string) => Object.hasOwn(from, key);
      const wanted = [
        ...Object.keys(left).flatMap((key) => {
          if (!has(right, key)) return [`missing ${key}`];
          return left[key] === right[key] ? [] : [`changed ${key}`];
        }),
        ...Object.keys(right).flatMap((key) => (has(left, key) ? [] : [`extra ${key}`])),
      ];
      const { found, equal } = await compare(rows(left), rows(right));
      expect(found).toEqual(wanted.sort());
      expect(equal).toBe(Object.keys(left).filter((key) => left[key] === right[key]).length);
    });
    await fc.assert(property, { numRuns: 60 });
  });

  test('the last of several with one key counts', async () => {
    expect(await compare([row('a', '1'), row('a', '2')], [row('a', '2')])).toEqual({
      equal: 1,
      superseded: 1,
      found: [],
    });
  });

  test('a row that a copy refuses is neither missing nor, where it is there, extra', async () => {
    const { found } = await compare([refused('a'), refused('b'), refused()], [row('a', 'older'), row('c')]);
    expect(found).toEqual(['extra c']);
  });
});

describe('rows without keys', () => {
  test('are compared as bags', async () => {
    const rows = (...contents: string[]) => contents.map((content) => row('', content));
    expect(await compare(rows('x', 'x', 'x', 'y'), rows('x', 'y', 'z', 'z'), false)).toEqual({
      equal: 2,
      superseded: 0,
      found: ['extra', 'extra', 'missing', 'missing'],
    });
  });
});
