/** Killed while an object waits to be read, or between its load and the commit: nothing is lost, doubled or left (invariant 5). */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auroraOfFile } from '../fixtures/aurora.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { sweep } from './kill-sweep.js';
import { allMoments } from './sweep-extent.js';

const aurora = auroraOfFile();
let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('kill_s3');
  await database.execute('CREATE TABLE few (id INT PRIMARY KEY, v VARCHAR(20))');
  await database.execute("INSERT INTO few SELECT seq, CONCAT('value ', seq) FROM seq_1_to_300");
});
afterAll(() => database.drop());

test('a copy that is killed before and after LOAD DATA FROM S3 ends as an undisturbed one does', async () => {
  const { connection, proxy, keys } = aurora();
  const left: number[] = [];
  const declaration = {
    pipeline: 'loads',
    connections: { shop: database.connection, report: { ...database.connection, ...connection } },
    steps: [
      {
        copy: 'in',
        from: { connection: 'shop', table: 'few' },
        to: { connection: 'report', table: 'sink', mode: 'append' },
      },
    ],
  };
  const result = await sweep(
    {
      declaration,
      reset: () => database.execute('DROP TABLE IF EXISTS sink; CREATE TABLE sink (id INT, v VARCHAR(20))'),
      dump: async () => [
        await database.query('SELECT COUNT(*), COUNT(DISTINCT id) FROM sink'),
        await database.query('SELECT COUNT(*) FROM sluice_ledger'),
        await keys(),
      ],
      hasEnded: async () => {
        left.push((await keys()).length);
        return false;
      },
    },
    { mysql: proxy },
    allMoments,
    /^(before|after) LOAD DATA FROM S3/,
  );
  expect(result).toMatchObject({ moments: 2, killed: 2, failures: [] });
  expect(left).toEqual([1, 1]);
}, 600_000);
