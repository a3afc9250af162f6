import { expect, test } from 'vitest';
import { errorCodes } from '../../src/errors.js';

/** `npx vitest run test/docs -u` writes the page anew. */
test('docs/reference/error-codes.md lists every code with its meaning', async () => {
  const rows = Object.entries(errorCodes).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);
  const page = [
    '# Error codes',
    '',
    'Every error has a code, a message, and most have a hint. Codes are never renamed. The reasons of rejects are',
    'among them. Generated from `src/errors.ts`.',
    '',
    '| code | meaning |',
    '|---|---|',
    ...rows,
    '',
  ].join('\n');
  await expect(page).toMatchFileSnapshot('../../docs/reference/error-codes.md');
});
