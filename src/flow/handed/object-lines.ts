import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** At line feeds alone: JSON's texts hold every other end of a line as it is. */
export async function* linesIn(content: Readable): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of content) {
    const parts = `${rest}${decoder.write(chunk as Buffer)}`.split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}
