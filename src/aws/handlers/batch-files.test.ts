/** Files as a source of functions: each call hands over after a batch, and the next goes on there. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deployedPipeline } from '../../../test/fixtures/deployed.js';
import { allItems, createTable, dynamodbConnection, tableName } from '../../../test/fixtures/dynamodb.js';

/** More batches than are written at once. */
const ROWS = 10_000;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-test-'));
  const numbers = Array.from({ length: ROWS }, (_, index) => index);
  await mkdir(join(folder, 'in'));
  await writeFile(
    join(folder, 'in/rows.csv'),
    `id,note\n${numbers.map((id) => `${id},"n ${id}"`).join('\n')}\n`,
  );
  await writeFile(
    join(folder, 'in/lines.jsonl'),
    numbers.map((id) => `${JSON.stringify({ id, note: `n ${id}` })}\n`).join(''),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each([
  ['csv', 'rows', 'S'],
  ['jsonl', 'lines', 'N'],
] as const)(
  '%s is copied whole, by however many calls',
  async (format, table, type) => {
    const sink = tableName(format);
    await createTable(sink, ['id', type]);
    const made = await deployedPipeline({
      pipeline: `files-${format}`,
      connections: { lake: { kind: 'files', path: join(folder, 'in') }, dy: dynamodbConnection() },
      steps: [
        {
          copy: 'in',
          from: { connection: 'lake', table, format },
          to: { connection: 'dy', table: sink, key: { partition: 'id' }, mode: 'put' },
          parallel: 2,
        },
      ],
    });
    try {
      const ended = await made.execute();
      expect(ended.cause).toBeUndefined();
      expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { steps: { in: { written: ROWS } } } });
      expect(made.calls.filter(({ do: what }) => what === 'part').length).toBeGreaterThan(1);
      expect(await allItems(sink)).toHaveLength(ROWS);
    } finally {
      await made.close();
    }
  },
  240_000,
);
