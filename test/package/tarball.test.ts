import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const app = mkdtempSync(join(tmpdir(), 'sluice-package-'));
const installed = join(app, 'node_modules', 'sluice');
const run = promisify(execFile);

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

/** An app that has the packed package and its declared dependencies, and nothing else. */
beforeAll(async () => {
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', app], {
    cwd: root,
  });
  const [packed] = JSON.parse(stdout) as [{ filename: string }];
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', join(app, packed.filename), '-C', installed, '--strip-components=1']);
  for (const name of Object.keys(manifest.dependencies)) {
    const place = join(app, 'node_modules', name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), place);
  }
});

afterAll(() => rmSync(app, { recursive: true, force: true }));

async function sluice(...args: string[]): Promise<string> {
  const program = join(installed, 'dist', 'cli', 'main.js');
  const { stdout } = await run(process.execPath, [program, ...args], {
    cwd: app,
    env: { PATH: process.env['PATH'] },
  });
  return stdout;
}

test('the package holds what runs and what a reader needs, and no test or source', () => {
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
  expect(files).toEqual(
    expect.arrayContaining([
      'dist/cli/main.js',
      'dist/index.d.ts',
      'docs/reference/pipeline.schema.json',
      'LICENSE',
    ]),
  );
  expect(files.filter((file) => /\.test\.|^src\/|^test\/|fixtures/.test(file))).toEqual([]);
});

test('the installed program starts, writes a starter file and finds no mistake in it', async () => {
  expect(await sluice('--version')).toContain(manifest.version);
  await sluice('init', 'batch');
  expect(await sluice('check', 'batch.yaml')).toContain('no mistakes');
});

test('a TypeScript declaration of the app imports from the installed package', async () => {
  writeFileSync(join(app, 'package.json'), '{"type":"module"}');
  const example = readFileSync(join(root, 'examples/paid-orders.ts'), 'utf8');
  writeFileSync(join(app, 'paid-orders.ts'), example);
  expect(await sluice('check', 'paid-orders.ts')).toContain('no mistakes');
});
