// npm test: installs what is missing, builds, checks, and runs every test on real servers. Arguments go to vitest.
// The last lines printed are the names and reasons of what failed, and the sum: `N passed, N failed, N skipped`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from './build.mjs';
import { check } from './check.mjs';
import { install } from './install.mjs';
import { runNode } from './run.mjs';

/** Until it is known, a failure: whatever ends this process, the last line is the sum. */
let sum = { passed: 0, failed: 1, skipped: 0, names: [] };
process.on('exit', () => {
  if (sum.failed > 0) process.exitCode = 1;
  for (const name of sum.names) console.log(`✗ ${name}`);
  console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
});

await install();
const selection = process.argv.slice(2);
if ((await build()) === 0) sum = add(await checksOf(selection), await vitest(selection));

/** The checks belong to the whole; who names test files wants only those. */
async function checksOf(selection) {
  return selection.length === 0 ? await check() : {};
}

async function vitest(selection) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  const file = join(folder, 'counts.json');
  try {
    const status = await runNode(
      [
        'node_modules/vitest/vitest.mjs',
        'run',
        '--reporter=default',
        '--reporter=./scripts/counts-reporter.mjs',
        ...selection,
      ],
      { env: { ...process.env, SLUICE_TEST_COUNTS: file } },
    );
    return judged(readCounts(file), status);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readCounts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    console.error(`vitest ended without counts: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** No test at all, or a failure that no test shows, is a failure. */
function judged(counts, status) {
  const unseen = counts.failed === 0 && (status !== 0 || counts.passed + counts.skipped === 0);
  return unseen ? { ...counts, failed: 1 } : counts;
}

function add(...all) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const counts of all) for (const key of Object.keys(total)) total[key] += counts[key] ?? 0;
  return { ...total, names: all.flatMap(({ names = [] }) => names) };
}
