/**
 * Proves the suite: each fault is planted in a copy of the compiled program, and the test that is there for it must
 * turn red. The same tests are green on an untouched copy.
 */
import { beforeAll, expect, test } from 'vitest';
import { needsServer } from '../fixtures/servers.js';
import { type Plant, type Verdict, verdictOnUntouched, verdictsOn } from './planted-program.js';

needsServer('mysql');
needsServer('dynamodb');

const regressions = 'test/end-to-end/regressions.test.ts';
const dynamodbFaults = 'test/end-to-end/faults-dynamodb.test.ts';
const sweeps = 'test/faults/kill-sweep-mysql.test.ts';

const transforming = 'const { batch, origin, dropped } = plan.transform.apply(incoming);';
/** Each cell on its way becomes what the expression says. */
const changing = (cell: string) =>
  `incoming.rows = incoming.rows.map((row) => row.map((cell) => (${cell})));\n${transforming}`;

const plants: readonly Plant[] = [
  {
    fault: "a: '' becomes NULL",
    file: 'engine/read-part.js',
    find: transforming,
    plant: changing("cell === '' ? null : cell"),
    seenBy: [regressions, "keeps '' apart from NULL"],
  },
  {
    fault: 'a: only the first page is read',
    file: 'connectors/dynamodb/pages.js',
    find: 'const last = answer.LastEvaluatedKey;',
    plant: 'const last = undefined;',
    seenBy: [regressions, 'reads beyond the first page'],
  },
  {
    fault: 'b: a mirror does not delete what is gone',
    file: 'connectors/mysql/mirror.js',
    find: 'async finish(session, rejected, totals) {',
    plant: 'async finish(session, rejected, totals) { return { deleted: 0, findings: [] };',
    seenBy: [regressions, 'mirror deletes what the source lacks'],
  },
  {
    fault: 'c: numbers pass through a double',
    file: 'engine/read-part.js',
    find: transforming,
    plant: changing('cell?.N ? { N: String(Number(cell.N)) } : cell'),
    seenBy: [regressions, 'keeps fractions and 38 digits'],
  },
  {
    fault: 'd: true, false and null are poison',
    file: 'connectors/dynamodb/attribute.js',
    find: "if ('BOOL' in attribute)",
    plant: "if ('BOOL' in attribute || 'NULL' in attribute) return malformed; if ('BOOL' in attribute)",
    seenBy: ['test/end-to-end/items-untouched.test.ts', 'of every type, by its key'],
  },
  {
    fault: 'e: attributes are dropped',
    file: 'connectors/dynamodb/item.js',
    find: 'const fields = columns.flatMap((column, index) => {',
    plant: 'const fields = columns.flatMap((column, index) => { if (index > 5) return [];',
    seenBy: [regressions, 'carries every attribute'],
  },
  {
    fault: 'f: keys are split at spaces',
    file: 'connectors/dynamodb/key-list/read-text.js',
    find: 'textValue(text, partition)',
    plant: "textValue(text.split(' ')[0], partition)",
    seenBy: ['test/end-to-end/chosen-items.test.ts', 'a missing key does not abort the run'],
  },
  {
    fault: 'unprocessed items are ignored',
    file: 'connectors/dynamodb/batch-write.js',
    find: 'left.length === 0 ? []',
    plant: 'left.length >= 0 ? []',
    seenBy: [dynamodbFaults, 'loses nothing with UnprocessedItems'],
  },
  {
    fault: "the server's counts and warnings are ignored",
    file: 'connectors/mysql/load.js',
    find: 'const isComplete = records === lines.count &&',
    plant: 'const isComplete = records === lines.count ||',
    seenBy: ['test/end-to-end/modes.test.ts', 'append rejects the rows whose key is there'],
  },
  {
    fault: 'the position is recorded before the data',
    file: 'engine/write-parcels.js',
    find: 'const counts = await writeParcel(',
    plant: `await run.journal.commit(parcel.token, { read: parcel.incoming.rows.length,
      written: parcel.incoming.rows.length, unchanged: 0, rejected: 0, bytes: 0, units: 0 });
      const counts = await writeParcel(`,
    seenBy: [sweeps, 'killed at any moment and run again, append to a table without a key'],
  },
];

let verdicts: ReadonlyMap<Plant, Verdict>;
beforeAll(async () => {
  verdicts = await verdictsOn(plants);
}, 900_000);

test.each(plants)('the suite sees it when $fault', (plant) => {
  const { passed = 0, failed = 0, output = '' } = verdicts.get(plant) ?? {};
  expect(passed + failed, 'no test has that name').toBeGreaterThan(0);
  expect(failed, output.slice(-2000)).toBeGreaterThan(0);
});

test('the suite is green on a copy without a fault', { timeout: 600_000 }, async () => {
  const quick = plants.filter(({ seenBy: [file] }) => file !== sweeps);
  const { passed, failed, output } = await verdictOnUntouched(quick);
  expect([passed >= quick.length, failed], output.slice(-2000)).toEqual([true, 0]);
});
