import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { sourceStack } from './source-stack.js';

const words = 'this should not happen. Please report it.';

/** Where the bundled program says those words. */
function inProgram(): { readonly url: string; readonly line: number; readonly column: number } {
  const dist = resolve('dist');
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    const path = join(dist, name);
    if (!name.endsWith('.js') || !readFileSync(path, 'utf8').includes(words)) continue;
    const lines = readFileSync(path, 'utf8').split('\n');
    const line = lines.findIndex((text) => text.includes(words));
    return {
      url: pathToFileURL(path).href,
      line: line + 1,
      column: (lines[line] ?? '').indexOf('io.err') + 1,
    };
  }
  throw new Error('the program does not say it any more');
}

test('the stack of a bug names lines of the source', () => {
  const { url, line, column } = inProgram();
  const source = readFileSync('src/cli/errors.ts', 'utf8').split('\n');
  const expected = source.findIndex((text) => text.includes(words)) + 1;
  expect(sourceStack(`Error: x\n    at reportError (${url}:${line}:${column})`)).toMatch(
    new RegExp(`^Error: x\\n    at reportError \\(src/cli/errors\\.ts:${expected}:\\d+\\)$`),
  );
});

test('a line that no map knows stays as it is', () => {
  const stack = 'Error: x\n    at file:///no/such/chunk.js:1:2\n    at node:internal/main:3:4';
  expect(sourceStack(stack)).toBe(stack);
});
