import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { awsEnvironment } from './null-endpoint.mjs';
import { answers, root, run } from './program.mjs';

const GO_WORKERS = [4, 8, 16, 32];
const oldFolder = join(root, 'bench', 'old');
const goFolder = join(root, 'bench', 'go');
const goProgram = join(root, '.local', process.platform === 'win32' ? 'bench-go.exe' : 'bench-go');
const arrowFolder = join(root, 'bench', 'arrow');
const venvs = { old: join(root, '.local', 'bench-venv'), arrow: join(root, '.local', 'bench-arrow-venv') };

/**
 * @typedef {{ seconds: number, rows: number, net: number }} Sample whole process, rows moved, seconds as told by the program
 * @typedef {import('./database.mjs').Database} Database
 * @typedef {import('./null-endpoint.mjs').NullEndpoint} NullEndpoint
 */

/**
 * The path of a Python with the libraries of the old code, or of connectorx and pyarrow, in a private environment, or why
 * there is none.
 * @param {'old' | 'arrow'} [whose]
 * @returns {Promise<{ python: string } | { skipped: string }>}
 */
export async function findPython(whose = 'old') {
  const venv = venvs[whose];
  const folder = whose === 'old' ? oldFolder : arrowFolder;
  const system = (await answers('python3', ['--version'])) ? 'python3' : 'python';
  if (!(await answers(system, ['--version']))) return { skipped: 'Python is missing' };
  const python = join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  try {
    if (!(await answers(python, ['--version']))) await run(system, ['-m', 'venv', venv]);
    await run(python, ['-m', 'pip', 'install', '--quiet', '-r', join(folder, 'requirements.txt')]);
  } catch (error) {
    return { skipped: `Python's libraries cannot be installed: ${lastLine(error)}` };
  }
  return { python };
}

/**
 * Builds the Go program.
 * @returns {Promise<{ program: string } | { skipped: string }>}
 */
export async function buildGo() {
  if (!(await answers('go', ['version']))) return { skipped: 'Go is missing' };
  await mkdir(join(root, '.local'), { recursive: true });
  try {
    await run('go', ['build', '-o', goProgram, '.'], { folder: goFolder });
  } catch (error) {
    return { skipped: `the Go program cannot be built: ${lastLine(error)}` };
  }
  return { program: goProgram };
}

/** @param {unknown} error */
function lastLine(error) {
  return String(error).trim().split('\n').at(-1);
}

/**
 * @param {string} python
 * @param {'out.py' | 'in.py' | 'keys.py' | 'check.py'} script
 * @param {object} job
 * @returns {Promise<Sample>}
 */
export async function runOld(python, script, job) {
  const ended = await run(python, [join(oldFolder, script)], {
    input: JSON.stringify(job),
    environment: { ...awsEnvironment },
  });
  const { rows, seconds, lines } = JSON.parse(ended.output);
  return { seconds: ended.seconds, rows, net: seconds, lines };
}

/**
 * connectorx and pyarrow make the table a Parquet file.
 * @param {string} python
 * @param {{ table: string, path: string, parts: number, mysql: object }} job
 * @returns {Promise<Sample & { usage: import('./program.mjs').Usage }>}
 */
export async function runArrow(python, job) {
  return await runScript(python, 'to_parquet.py', job);
}

/**
 * boto3 and pyarrow make the items a Parquet file.
 * @param {string} python
 * @param {{ table: string, path: string, endpoint: string }} job
 */
export async function runArrowItems(python, job) {
  return await runScript(python, 'items_to_parquet.py', job);
}

/**
 * @param {string} python
 * @param {string} script
 * @param {object} job
 */
async function runScript(python, script, job) {
  const ended = await run(python, [join(arrowFolder, script)], {
    input: JSON.stringify(job),
    environment: { ...awsEnvironment },
  });
  const { rows, seconds, peakBytes } = JSON.parse(ended.output);
  return { seconds: ended.seconds, rows, net: seconds, usage: { peakBytes, cpuSeconds: 0 } };
}

/**
 * @param {string} program
 * @param {Database} database
 * @param {NullEndpoint} endpoint
 * @param {string} table
 * @param {number} workers
 * @returns {Promise<Sample>}
 */
export async function runGo(program, database, endpoint, table, workers) {
  const ended = await run(program, [
    ...['-dsn', database.dataSourceName, '-endpoint', endpoint.url],
    ...['-table', table, '-into', 'orders', '-workers', String(workers)],
  ]);
  const { rows, seconds } = JSON.parse(ended.output);
  return { seconds: ended.seconds, rows, net: seconds };
}

/**
 * The number of workers with which the Go program is fastest here.
 * @param {(workers: number) => Promise<Sample>} measure
 */
export async function bestGoWorkers(measure) {
  let best = { workers: 0, seconds: Number.POSITIVE_INFINITY };
  for (const workers of GO_WORKERS) {
    const { seconds } = await measure(workers);
    if (seconds < best.seconds) best = { workers, seconds };
  }
  return best.workers;
}
