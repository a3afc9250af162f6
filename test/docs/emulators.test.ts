/** Every assertion that docs/emulators.md names is there. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const docs = join(resolve(import.meta.dirname, '../..'), 'docs');
const page = readFileSync(join(docs, 'emulators.md'), 'utf8');
const links = [...page.matchAll(/\[([^\]]+)\]\((\.\.\/[^)]+)\)/g)].map(
  ([, name = '', path = '']) => [name, path] as const,
);
const named = links.filter(([, path]) => path.endsWith('.test.ts'));

test('the page names assertions', () => {
  expect(named.length).toBeGreaterThan(10);
});

test.each(named)('%s', (name, path) => {
  const titles = readFileSync(join(docs, path), 'utf8').replaceAll(/',?\n\s*'/g, '');
  expect(titles).toContain(name);
});

test.each(links)('[%s]: %s is there', (_, path) => {
  expect(existsSync(join(docs, path))).toBe(true);
});
