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
import { createRequire } from 'node:module';
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

test('what the program reads only when it is needed lies where it is looked for', () => {
  const chunks = join(installed, 'dist', 'chunks');
  const wanted = readdirSync(chunks)
    .filter((name) => name.endsWith('.js'))
    .flatMap((name) => {
      const found = readFileSync(join(chunks, name), 'utf8').matchAll(/__require\("(\.[^"]+)"\)/g);
      return [...found].map(([, path = '']) => [join(chunks, name), path] as const);
    });
  expect(wanted.map(([, path]) => path)).toContain('./encodings/cp936.json');
  for (const [chunk, path] of wanted) {
    const table = createRequire(chunk)(path) as object;
    expect(Object.keys(table).length, path).toBeGreaterThan(0);
  }
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
