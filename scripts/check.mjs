// What a change must pass besides the tests: formatting and lint, types, nothing unused, a package others can import.
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { install } from './install.mjs';
import { runNodeQuietly } from './run.mjs';

const bin = (path) => `node_modules/${path}`;

const checks = [
  { name: 'lint', args: [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.'] },
  { name: 'types', args: [bin('typescript/bin/tsc'), '-p', 'tsconfig.json', '--noEmit'] },
  { name: 'nothing unused', args: [bin('knip/bin/knip.js'), '--no-progress'] },
  { name: 'package', args: [bin('publint/src/cli.js'), '--strict'] },
  {
    name: 'package types',
    args: [
      bin('@arethetypeswrong/cli/dist/index.js'),
      '--pack',
      '--profile',
      'esm-only',
      '--exclude-entrypoints',
      'schema.json',
      '--no-color',
      '--quiet',
    ],
  },
];

/**
 * Runs every check of the built tree, all at once, prints a line for each, and gives the counts and the names of those that failed.
 */
export async function check() {
  const counts = { passed: 0, failed: 0, names: [] };
  const statuses = await Promise.all(checks.map(({ args }) => runNodeQuietly(args)));
  for (const [index, { name }] of checks.entries()) {
    const status = statuses[index];
    console.log(`${status === 0 ? '✓' : '✗'} ${name}`);
    counts[status === 0 ? 'passed' : 'failed']++;
    if (status !== 0) counts.names.push(`check: ${name}`);
  }
  return counts;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await install();
  const status = await build();
  const { failed } = status === 0 ? await check() : { failed: 1 };
  process.exitCode = failed === 0 ? 0 : 1;
}
