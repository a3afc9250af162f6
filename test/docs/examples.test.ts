import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { loadDeclaration, parseDeclaration } from '../../src/declare/load.js';

const root = resolve(import.meta.dirname, '../..');

function filesUnder(folder: string, form: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => form.test(name));
}

const examples = filesUnder('examples', /\.(yaml|ts)$/);

/** Every whole declaration that a page shows, with its place. */
const shown = ['README.md', ...filesUnder('docs', /\.md$/)]
  .flatMap((page) => {
    const blocks = readFileSync(join(root, page), 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```/gm);
    return [...blocks].map((match, index) => [`${page}, ${index + 1}`, match[1] ?? ''] as const);
  })
  .filter(([, text]) => /^pipeline:/m.test(text));

test('there are examples, and README shows one', () => {
  expect(examples.length).toBeGreaterThan(0);
  expect(shown.map(([place]) => place)).toContain('README.md, 1');
});

test.each(examples)('%s has no mistakes', async (file) => {
  const declaration = await loadDeclaration(file, { env: {}, cwd: root });
  expect(declaration.steps.length).toBeGreaterThan(0);
});

test.each(shown)('the declaration in %s has no mistakes', async (_, text) => {
  const declaration = await parseDeclaration(text, 'shown.yaml', { env: {}, cwd: root });
  expect(declaration.steps.length).toBeGreaterThan(0);
});
