/**
 * The built program as one file with V8's code cache: it starts in half the time and does the same. A sweep starts
 * it hundreds of times, and most of what a run costs there is loading its modules.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

export interface ProgramImage {
  /** What node is to run. */
  readonly entry: string;
  remove(): Promise<void>;
}

/** An image of the program at `main`. Its first run that ends by itself makes the code cache. */
export async function makeImage(main: string): Promise<ProgramImage> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-image-'));
  const entry = join(folder, 'start.cjs');
  await build({
    entryPoints: [main],
    outfile: join(folder, 'program.js'),
    bundle: true,
    minifySyntax: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['esbuild'],
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(main).href) },
    plugins: [asScript(main)],
    logLevel: 'error',
  });
  await writeFile(entry, start);
  return { entry, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Scripts do not await at their top, and a `require` by another name would not be part of the image. */
function asScript(main: string): Plugin {
  return {
    name: 'as script',
    setup: ({ onLoad }) => {
      onLoad({ filter: /[\\/]dist[\\/].*\.js$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        if (path.includes('node_modules')) return { contents: text };
        const bundled = text.replaceAll('createRequire(import.meta.url)(', 'require(');
        return { contents: path === main ? withoutAwait(bundled) : bundled };
      });
    },
  };
}

function withoutAwait(text: string): string {
  const [all, call] = /^process\.exitCode = await (main\(.*\));$/m.exec(text) ?? [];
  if (all === undefined) throw new Error('the program does not end with its status any more');
  const script = text.replace(all, `${call}.then((status) => { process.exitCode = status; });`);
  return script.replace(/^#!.*/, '');
}

/** A code cache is refused by a V8 with other flags, so those that the program sets later are set before. */
const start = `
const { existsSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');
const { setFlagsFromString } = require('node:v8');
for (const flag of ['--heap-growing-percent=60', '--semi-space-growth-factor=1', '--no-parallel-scavenge']) {
  setFlagsFromString(flag);
}
const filename = join(__dirname, 'program.js');
const cache = join(__dirname, 'program.cache');
const cachedData = existsSync(cache) ? readFileSync(cache) : undefined;
const text = '(function (exports, require, module) {' + readFileSync(filename, 'utf8') + '})';
const script = new Script(text, { filename, cachedData });
if (cachedData === undefined || script.cachedDataRejected) {
  process.once('exit', () => {
    writeFileSync(cache + process.pid, script.createCachedData());
    renameSync(cache + process.pid, cache);
  });
}
script.runInThisContext()(exports, require, module);
`;
