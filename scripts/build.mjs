// Compiles src into dist. The new dist takes the place of the old one only when it is complete.
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install, root } from './install.mjs';
import { runNode } from './run.mjs';
import { inTurn } from './turns.mjs';

/** Gives tsc's exit status. Two builds at once take turns. */
export async function build() {
  return await inTurn(join(root, '.local', 'build.lock'), compile);
}

async function compile() {
  const fresh = join(root, '.local', `dist-${process.pid}`);
  mkdirSync(fresh, { recursive: true });
  try {
    const status = await runNode([
      'node_modules/typescript/bin/tsc',
      '-p',
      'tsconfig.build.json',
      '--outDir',
      fresh,
    ]);
    if (status !== 0) return status;
    const program = join(fresh, 'cli', 'main.js');
    if (existsSync(program)) chmodSync(program, 0o755);
    const place = join(root, 'dist');
    rmSync(place, { recursive: true, force: true });
    renameSync(fresh, place);
    return 0;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await install();
  process.exitCode = await build();
}
