import { type Entry, type EntryMaker, textValue } from './entry.js';
import { linesOf } from './lines.js';

export const UNREADABLE = 'longer than any key, or not UTF-8';

/** A key a line; spaces belong to it. Only for tables without a sort key. */
export async function* readText(chunks: AsyncIterable<Uint8Array>, maker: EntryMaker): AsyncGenerator<Entry> {
  const [partition] = maker.key;
  if (!partition) throw new RangeError('a DynamoDB table has a key');
  for await (const { number, text } of linesOf(chunks)) {
    yield text === undefined
      ? maker.malformed(number, UNREADABLE, '')
      : maker.of(number, [textValue(text, partition)], () => text);
  }
}
