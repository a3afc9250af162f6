/** Moments before and after each call by which the program changes files: it can be killed at any of them. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface DiskMoments {
  /** For a run that kills itself at this moment, counted from 0; for one that does not, without. */
  environment(point: number | undefined): Record<string, string>;
  /** The names of the moments that the last run has had. */
  passed(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

/** Of node:fs/promises; what a file handle writes lies between its `open` and what comes next. */
const calls = [
  'open',
  'mkdir',
  'writeFile',
  'rename',
  'link',
  'copyFile',
  'unlink',
  'rm',
  'rmdir',
  'truncate',
];

function hook(paths: RegExp, log: string): string {
  return `
const fs = require('node:fs/promises');
const { appendFileSync } = require('node:fs');
const point = Number(process.env.SLUICE_TEST_MOMENT ?? Infinity);
let passed = 0;
const inside = (path) => typeof path === 'string' && ${paths}.test(path);
function pass(what) {
  appendFileSync(${JSON.stringify(log)}, what + '\\n');
  if (passed++ !== point) return;
  process.kill(process.pid, 'SIGKILL');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
for (const name of ${JSON.stringify(calls)}) {
  const real = fs[name];
  fs[name] = async (path, ...more) => {
    const other = inside(path) ? path : more[0];
    if (!inside(other)) return await real(path, ...more);
    const what = name + ' ' + other.split('/').slice(-3).join('/');
    pass('before ' + what);
    const result = await real(path, ...more);
    pass('after ' + what);
    return result;
  };
}
require('node:module').syncBuiltinESMExports();
`;
}

/** Of calls about files with such paths. */
export async function diskMoments(paths: RegExp): Promise<DiskMoments> {
  const own = await mkdtemp(join(tmpdir(), 'sluice-moments-'));
  const [file, log] = [join(own, 'hook.cjs'), join(own, 'log')];
  await writeFile(file, hook(paths, log));
  await writeFile(log, '');
  return {
    environment: (point) => ({
      NODE_OPTIONS: `--require ${file}`,
      ...(point === undefined ? {} : { SLUICE_TEST_MOMENT: String(point) }),
    }),
    passed: async () => {
      const lines = (await readFile(log, 'utf8')).split('\n').filter(Boolean);
      await writeFile(log, '');
      return lines;
    },
    remove: () => rm(own, { recursive: true, force: true }),
  };
}
