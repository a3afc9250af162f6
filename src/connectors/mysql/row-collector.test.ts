import { expect, test } from 'vitest';
import { RowCollector } from './row-collector.js';
import { rowReader } from './rows.js';

/** Packets of rows with one cell, which are these texts. */
function collect(collector: RowCollector, texts: readonly string[]) {
  for (const text of texts) {
    const packet = Buffer.concat([Buffer.of(text.length), Buffer.from(text)]);
    collector.add(packet, 0, packet.length);
  }
  return collector.take();
}

test('rows stand where they are until they are released, and then others may stand there', () => {
  const collector = new RowCollector({ cells: 1, width: 1, make: rowReader(['text']) });
  const first = collect(collector, ['one', 'two']);
  const second = collect(collector, ['three']);
  expect([...first.rows]).toEqual([['one'], ['two']]);
  first.release();
  const third = collect(collector, ['four']); // stands in the room that was ready when the first was released
  const fourth = collect(collector, ['five', 'six', 'seven']);
  first.release();
  const fifth = collect(collector, ['eight']);
  expect(fourth.rows.bytes).toBe(first.rows.bytes);
  expect([...second.rows]).toEqual([['three']]);
  expect([...third.rows]).toEqual([['four']]);
  expect([...fourth.rows]).toEqual([['five'], ['six'], ['seven']]);
  expect([...fifth.rows]).toEqual([['eight']]);
});

test('a room that was made for fewer rows holds more', () => {
  const collector = new RowCollector({ cells: 1, width: 1, make: rowReader(['text']) });
  collect(collector, ['a']).release();
  collect(collector, ['b']).release();
  const texts = Array.from({ length: 3000 }, (_, index) => `${index}`.padEnd(40, '.'));
  expect([...collect(collector, texts).rows]).toEqual(texts.map((text) => [text]));
});
