import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from './engine.mjs';
import { awsEnvironment } from './null-endpoint.mjs';
import { root } from './program.mjs';
import { cli, inFolderOf } from './sluice.mjs';

const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 5;
/** By then the reader of a shard without changes asks as rarely as it ever does. */
const QUIET_MS = 3000;
/** Changes come at other moments between two questions of the reader each time. */
const SPREAD_MS = 1000;
const STRIDE_MS = 377;

/**
 * Milliseconds from the put of an item, into a real engine's table that nothing else happens to, until its row can be read
 * from MySQL, while `sluice run` follows the table's stream: `changes` times, one after the other. The first change, which
 * waits for the program to start, is not counted.
 * @param {import('./database.mjs').Database} database
 * @param {number} changes
 * @returns {Promise<number[]>}
 */
export async function idleLags(database, changes) {
  const engine = await Engine.start();
  try {
    await engine.empty('orders', { stream: true });
    await database.empty('received');
    const lags = await inFolderOf(declarationOf(database, engine), {}, (file, state) =>
      whileFollowing(database, [file, '--json', '--state', state], async (isOver) => {
        await lagOf(database, engine, 1, isOver);
        const measured = [];
        for (let id = 2; id <= changes + 1; id++) {
          await sleep(QUIET_MS + ((id * STRIDE_MS) % SPREAD_MS));
          measured.push(await lagOf(database, engine, id, isOver));
        }
        return measured;
      }),
    );
    const rows = await database.count('received');
    if (rows !== changes + 1) throw new Error(`${changes + 1} changes were made, ${rows} rows arrived`);
    return lags;
  } finally {
    await engine.stop();
  }
}

/**
 * @param {import('./database.mjs').Database} database
 * @param {Engine} engine
 */
function declarationOf(database, engine) {
  return {
    pipeline: 'bench',
    connections: {
      shop: database.connection,
      stage: { kind: 'dynamodb', region: 'eu-west-1', endpoint: engine.url },
    },
    steps: [
      {
        replicate: 'orders',
        from: { connection: 'stage', table: 'orders' },
        to: { connection: 'shop', table: 'received', mode: 'append' },
      },
    ],
  };
}

/**
 * Runs the program until `use` is done, then ends it as a user does.
 * @template T
 * @param {import('./database.mjs').Database} database
 * @param {readonly string[]} programArguments of `sluice run`
 * @param {(isOver: () => boolean) => Promise<T>} use
 */
async function whileFollowing(database, programArguments, use) {
  const child = spawn(process.execPath, [cli, 'run', ...programArguments], {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      BENCH_PASSWORD: database.password,
      ...awsEnvironment,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = text(child.stderr);
  const ended = once(child, 'exit');
  try {
    return await use(() => child.exitCode !== null);
  } catch (error) {
    child.kill('SIGTERM');
    throw new Error(`a program that follows: ${(await said).slice(-4000)}`, { cause: error });
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

/**
 * @param {import('./database.mjs').Database} database
 * @param {Engine} engine
 * @param {number} id
 * @param {() => boolean} isOver
 */
async function lagOf(database, engine, id, isOver) {
  const started = performance.now();
  await engine.put('orders', id);
  while (!(await database.holds('received', id))) {
    if (isOver()) throw new Error('the program that follows has ended');
    if (performance.now() - started > PATIENCE_MS) throw new Error(`the change ${id} never arrived`);
    await sleep(LOOK_EVERY_MS);
  }
  return performance.now() - started;
}
