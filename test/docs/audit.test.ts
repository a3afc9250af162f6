import { expect, test } from 'vitest';
import { ruleGroups } from '../../src/aws/audit/rules.js';

/** `npx vitest run test/docs -u` writes the page anew. */
test('docs/reference/audit-rules.md lists every rule with its reason and what to do', async () => {
  const groups = ruleGroups.flatMap(({ title, rules }) => [
    `## ${title}`,
    '',
    '| rule | level | why | what to write |',
    '|---|---|---|---|',
    ...rules.map(
      ({ id, level, why, mend, page }) => `| \`${id}\` | ${level} | ${why} ([AWS](${page})) | ${mend} |`,
    ),
    '',
  ]);
  const page = [
    '# Rules of `sluice audit`',
    '',
    'Names are never changed, since templates waive rules by them. How it is used: [audit](../audit.md). Generated from',
    '`src/aws/audit/rules`; each rule has a good and a bad template in `test/fixtures/templates`.',
    '',
    ...groups,
  ].join('\n');
  await expect(page).toMatchFileSnapshot('../../docs/reference/audit-rules.md');
});
