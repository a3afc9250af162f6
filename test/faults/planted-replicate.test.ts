/** The mistakes of the system that `replicate` replaces, and its own: each is planted, and a test turns red. */
import { expect, test } from 'vitest';
import { needsServer } from '../fixtures/servers.js';
import { type Plant, verdictsOn } from './planted-program.js';

needsServer('mysql');
needsServer('dynamodb');

const program = 'test/end-to-end/replicate-program.test.ts';

const plants: readonly Plant[] = [
  {
    fault: 'i: a load is recorded before its data is there',
    file: 'engine/replicate/replicate.js',
    find: 'const counts = await writeLoad(this.#plan, this.#run, this.#writer, load, this.#budget);',
    plant: `await this.#run.journal.commit(load.token, { read: load.rows, written: load.rows, unchanged: 0,
      rejected: 0, bytes: 0, units: 0 });
      const counts = await writeLoad(this.#plan, this.#run, this.#writer, load, this.#budget);`,
    seenBy: [program, 'the program that follows changes writes a load anew that it was killed at'],
  },
  {
    fault: 'i: inserts alone are forwarded',
    file: 'engine/replicate/load.js',
    find: 'events.includes(event)',
    plant: "event === 'insert'",
    seenBy: [program, 'the program that follows changes forwards inserts, modifies and removes'],
  },
  {
    fault: 'an older change goes over a newer one',
    file: 'connectors/mysql/sequences.js',
    find: 'WHERE q.sequence > s.',
    plant: 'WHERE FALSE AND q.sequence > s.',
    seenBy: [program, 'the program that follows changes takes back no newer change'],
  },
  {
    fault: 'i: partial failure is acknowledged',
    file: 'connectors/dynamodb/batch-write.js',
    find: 'left.length === 0 ? []',
    plant: 'left.length >= 0 ? []',
    seenBy: [program, 'the program that follows changes sends what DynamoDB leaves unprocessed again'],
  },
];

test.concurrent.each(plants)('the suite sees it when $fault', { timeout: 600_000 }, async (plant) => {
  const { passed, failed, output = '' } = (await verdictsOn([plant])).get(plant) ?? {};
  expect([passed, failed], output.slice(-2000)).toEqual([0, 1]);
});
