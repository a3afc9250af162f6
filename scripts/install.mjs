// Brings node_modules to what package-lock.json says. Node built-ins only: it is the first thing that runs in a fresh
// clone. Quick when there is nothing to do; two at once take turns.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inTurn } from './turns.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));

const OLDEST_NODE = [20, 19];

/** Checks Node and installs the packages if they are not those of the lockfile. Ends the process where it cannot. */
export async function install() {
  const problem = nodeProblem(process.versions.node);
  if (problem) stop(problem);
  if (missing() === 0) return;
  await inTurn(join(root, '.local', 'install.lock'), () => {
    const count = missing();
    if (count > 0) installPackages(count);
  });
}

function nodeProblem(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const fits = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return fits ? undefined : `Sluice needs Node ${OLDEST_NODE.join('.')} or newer; this is ${version}.`;
}

/** How many packages of the lockfile are absent, of another version, or too many. npm keeps a lockfile of what is there. */
function missing() {
  const wanted = packages(join(root, 'package-lock.json'));
  const present = packages(join(root, 'node_modules', '.package-lock.json'));
  const absent = Object.keys(wanted).filter((path) => {
    const here = present[path];
    return here ? here.version !== wanted[path].version : !wanted[path].optional && !wanted[path].devOptional;
  });
  const extra = Object.keys(present).filter((path) => !wanted[path]);
  return absent.length + extra.length;
}

function packages(file) {
  if (!existsSync(file)) return {};
  const { '': _project, ...others } = JSON.parse(readFileSync(file, 'utf8')).packages;
  return others;
}

function installPackages(count) {
  console.error(`install: npm ci, ${count} packages of package-lock.json are not in node_modules …`);
  const started = Date.now();
  const [command, before] = npm();
  const options = ['--include=dev', '--include=optional', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status, error } = spawnSync(command, [...before, 'ci', '--loglevel=error', ...options], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0)
    stop(`install: npm ci failed${error ? ` (${error.message})` : ''}; is the npm registry reachable?`);
  console.error(`install: done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

function npm() {
  const script = process.env.npm_execpath;
  return script?.endsWith('.js') ? [process.execPath, [script]] : ['npm', []];
}

function stop(message) {
  console.error(message);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await install();
