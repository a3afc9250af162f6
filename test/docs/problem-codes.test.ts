import { expect, test } from 'vitest';
import { problemCodes } from '../../src/declare/problem-codes.js';

/** `npx vitest run test/docs -u` writes the page anew. */
test('docs/reference/problem-codes.md lists every kind of mistake in a declaration', async () => {
  const rows = Object.entries(problemCodes).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);
  const page = [
    '# Mistakes in declarations',
    '',
    '`sluice check` shows all mistakes of a declaration at once, each with its place, its path, a code and most with',
    'a hint. Codes are never renamed. Generated from `src/declare/problem-codes.ts`.',
    '',
    '| code | meaning |',
    '|---|---|',
    ...rows,
    '',
  ].join('\n');
  await expect(page).toMatchFileSnapshot('../../docs/reference/problem-codes.md');
});
