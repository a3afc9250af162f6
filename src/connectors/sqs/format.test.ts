import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { Letter } from './envelope.js';
import { letterText, pointerText } from './envelope.js';
import { ColumnLists, readMessage } from './read-envelope.js';

const page = new URL('../../../docs/queue.md', import.meta.url);

const told: Omit<Letter, 'columns' | 'row' | 'key'> = {
  id: '20261101t060000-7f3a/0.4.17',
  origin: {
    pipeline: 'users-sample',
    step: 'users',
    run: '20261101t060000-7f3a',
    readAtMs: Date.UTC(2026, 10, 1, 6, 0, 1, 250),
  },
};

const messages = {
  item: letterText({
    ...told,
    key: ['pk'],
    columns: [
      { name: 'pk', type: 'attribute', nullable: false },
      { name: 'total', type: 'attribute', nullable: true },
      { name: 'tags', type: 'attribute', nullable: true },
    ],
    row: [{ S: 'user 7' }, { N: '12345678901234567890123456789012345678' }, { SS: ['a', 'b'] }],
  }),
  row: letterText({
    ...told,
    key: ['id'],
    columns: [
      { name: 'id', type: 'int', nullable: false, native: 'bigint unsigned' },
      { name: 'price', type: 'decimal', nullable: true, precision: 10, scale: 2 },
      { name: 'photo', type: 'bytes', nullable: true },
      { name: 'gone', type: 'datetime', nullable: true },
    ],
    row: ['18446744073709551615', '10.50', Buffer.from([0, 255]), null],
  }),
  pointer: pointerText(told.id, {
    bucket: 'rows-too-large',
    key: 'sluice/20261101t060000-7f3a/0b6c1f0f5d3f4a1e9d7c2b8a6e5f4d3c-9a8b7c6d',
    bytes: 1_310_720,
    sha256: 'f2ca1bb6c7e907d06dafe4687e579fce76b37e4e93b7605022da52e6ccc26fd2',
  }),
};

it('the page about queues shows messages as they are sent, to the byte', async () => {
  const text = await readFile(page, 'utf8');
  const shown = [...text.matchAll(/```json\n([\s\S]*?)\n```/g)].map((match) => joined(match[1] ?? ''));
  expect(shown).toEqual([messages.item, messages.row, messages.pointer]);
});

it('what the page shows is read as what it is', () => {
  const read = Object.values(messages).map((text) => readMessage(text, new ColumnLists()));
  expect(read.map(({ kind }) => kind)).toEqual(['row', 'row', 'pointer']);
});

/** The page breaks lines between fields, for people; a message has none. */
function joined(lines: string): string {
  return lines.replaceAll(/\n */g, '');
}
