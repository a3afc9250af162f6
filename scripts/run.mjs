import { spawn } from 'node:child_process';
import { root } from './install.mjs';

/** Runs node with a script of this repository or of a package. Gives the exit status; a signal counts as 1. */
export async function runNode(args, options = {}) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit', ...options });
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 1));
  });
}

/** Like `runNode`, silent unless it fails; then everything it printed is shown. */
export async function runNodeQuietly(args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  child.stdout.on('data', (data) => output.push(data));
  child.stderr.on('data', (data) => output.push(data));
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
  if (status !== 0) process.stderr.write(Buffer.concat(output));
  return status;
}
