import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { awsEnvironment } from './null-endpoint.mjs';
import { root, runNode } from './program.mjs';

export const cli = join(root, 'dist', 'cli', 'main.js');

/**
 * @typedef {import('./database.mjs').Database} Database
 * @typedef {import('./null-endpoint.mjs').NullEndpoint} NullEndpoint
 * @typedef {{ seconds: number, rows: number, net: number, usage: import('./program.mjs').Usage }} Sample
 */

/** Our side of every measurement: the built command line, run on a declaration in a fresh state folder. */
export class Sluice {
  #database;
  #endpoint;
  #parallel;

  /**
   * @param {Database} database
   * @param {NullEndpoint} endpoint
   * @param {number} [parallel]
   */
  constructor(database, endpoint, parallel = 4) {
    this.#database = database;
    this.#endpoint = endpoint;
    this.#parallel = parallel;
  }

  /**
   * MySQL table → the null endpoint.
   * @param {string} table
   */
  async copyOut(table) {
    return await this.#copy({ connection: 'shop', table }, { connection: 'stage', table: 'orders' });
  }

  /**
   * Canned pages → MySQL table.
   * @param {string} canned
   * @param {string} table
   * @param {string} [mode]
   */
  async copyIn(canned, table, mode = 'upsert') {
    return await this.#copy({ connection: 'stage', table: canned }, { connection: 'shop', table, mode });
  }

  /**
   * Canned pages against the MySQL table that they were copied to.
   * @param {string} canned
   * @param {string} table
   */
  async verifyIn(canned, table) {
    return await this.#copy({ connection: 'stage', table: canned }, { connection: 'shop', table }, 'verify');
  }

  /**
   * One MySQL table → another.
   * @param {string} from
   * @param {string} to
   * @param {'run' | 'verify'} verb
   */
  async over(from, to, verb) {
    return await this.#copy({ connection: 'shop', table: from }, { connection: 'shop', table: to }, verb);
  }

  /**
   * @param {object} from
   * @param {object} to
   * @param {'run' | 'verify'} verb
   * @returns {Promise<Sample>}
   */
  async #copy(from, to, verb = 'run') {
    const environment = { BENCH_PASSWORD: this.#database.password };
    return await runDeclaration(this.#declaration(from, to), { verb, environment });
  }

  /**
   * @param {object} from
   * @param {object} to
   */
  #declaration(from, to) {
    return {
      pipeline: 'bench',
      connections: {
        shop: this.#database.connection,
        stage: { kind: 'dynamodb', region: 'eu-west-1', endpoint: this.#endpoint.url },
      },
      steps: [{ copy: 'orders', from, to, parallel: this.#parallel }],
    };
  }
}

/**
 * Runs or verifies a declaration of one step in a folder of its own, which holds `files` by their names.
 * @param {object} declaration
 * @param {{ verb?: 'run' | 'verify', flags?: readonly string[], environment?: Record<string, string>, files?: Record<string, string> }} [options]
 * @returns {Promise<Sample>}
 */
export async function runDeclaration(declaration, options = {}) {
  const { verb = 'run', flags = [], environment = {}, files = {} } = options;
  return await inFolderOf(declaration, files, async (file, state) => {
    const ended = await runNode([cli, verb, file, ...flags, '--json', '--state', state], {
      environment: { ...awsEnvironment, ...environment },
    });
    if (!ended.usage) throw new Error('the run told no usage');
    const step = verb === 'run' ? summaryOf(ended.output) : verifiedOf(ended.output);
    return { seconds: ended.seconds, rows: step.written, net: step.seconds, usage: ended.usage };
  });
}

/**
 * Has something done with a declaration that stands in a folder of its own, which is gone afterwards.
 * @template T
 * @param {object} declaration
 * @param {Record<string, string>} files by their names
 * @param {(file: string, state: string) => Promise<T>} use is given the declaration's file and a folder for the state
 */
export async function inFolderOf(declaration, files, use) {
  const parent = join(root, '.local', 'bench');
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, 'run-'));
  try {
    const file = join(folder, 'bench.yaml');
    // JSON is YAML.
    await writeFile(file, JSON.stringify(declaration, null, 2));
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    return await use(file, join(folder, 'state'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param {string} output NDJSON */
function verifiedOf(output) {
  const summary = JSON.parse(output.trim().split('\n').at(-1) ?? '');
  const [step] = summary.steps ?? [];
  if (summary.event !== 'summary' || summary.outcome !== 'equal' || step?.equal !== step?.sourceRows) {
    throw new Error(`the sides are not equal: ${output.slice(-2000)}`);
  }
  return { written: step.equal, seconds: step.seconds };
}

/** @param {string} output NDJSON */
function summaryOf(output) {
  const summary = JSON.parse(output.trim().split('\n').at(-1) ?? '');
  const [step] = summary.steps ?? [];
  if (summary.event !== 'summary' || summary.outcome !== 'complete' || !step) {
    throw new Error(`not a complete run: ${output.slice(-2000)}`);
  }
  if (step.read !== step.written + step.unchanged + step.rejected)
    throw new Error('the counts do not add up');
  return step;
}
