import { expect, it } from 'vitest';
import { LazyLines, LineEncoder, LineRoom } from './load-encoder.js';

const LONG = 'x'.repeat(1000);

/** Lines of about a kilobyte each; `written` says how many were begun. */
function linesOf(count: number) {
  const encoder = new LineEncoder(new LineRoom());
  let written = 0;
  const lines = new LazyLines(encoder, () => {
    if (written === count) return false;
    encoder.field(`${written++}${LONG}`);
    encoder.endLine();
    return true;
  });
  return { lines, written: () => written };
}

const textOf = (buffers: Iterable<Buffer>) => Buffer.concat([...buffers]).toString();
const expected = (count: number) => Array.from({ length: count }, (_, line) => `${line}${LONG}\n`).join('');

it('lines are written when they are taken, and not before', () => {
  const { lines, written } = linesOf(1000);
  expect([lines.isEmpty, lines.count]).toEqual([false, Number.NaN]);
  const first = written();
  expect(first).toBeLessThan(200);
  const [one] = lines.buffers;
  expect([one?.length, written()]).toEqual([expect.any(Number), first]);
  expect(textOf(lines.buffers)).toBe(expected(1000));
  expect(lines.count).toBe(1000);
});

it('lines that were taken in part, or whole, are the same when they are taken again', () => {
  const { lines, written } = linesOf(1000);
  let taken = 0;
  for (const _ of lines.buffers) if (++taken === 3) break;
  expect(written()).toBeLessThan(600);
  for (let time = 0; time < 2; time++) expect(textOf(lines.buffers)).toBe(expected(1000));
  expect(written()).toBe(1000);
});

it('none are empty', () => {
  const { lines } = linesOf(0);
  expect([lines.isEmpty, lines.count, [...lines.buffers]]).toEqual([true, 0, []]);
});
