import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root, run } from '../program.mjs';
import { interleave, median } from '../statistics.mjs';

const ROUNDS = 9;
const LIMIT_BYTES = 1_500_000;
const LIMIT_MS = 150;

/** A step of each kind that has a function, with what makes its code larger. */
const declaration = {
  pipeline: 'p',
  connections: {
    my: { kind: 'mysql', secret: 'shop', region: 'eu-west-1' },
    dy: { kind: 'dynamodb', region: 'eu-west-1' },
    lake: { kind: 's3', bucket: 'lake', region: 'eu-west-1' },
    rds: { kind: 'rds', instance: 'shop', region: 'eu-west-1' },
    inbox: { kind: 'sqs', queue: 'inbox', region: 'eu-west-1' },
    tray: { kind: 'sqs', queue: 'tray', region: 'eu-west-1' },
  },
  steps: [
    { copy: 'out', from: { connection: 'my', table: 'orders' }, to: { connection: 'dy', table: 'stage' } },
    {
      copy: 'in',
      from: { connection: 'dy', table: 'stage' },
      to: { connection: 'my', table: 'report' },
      check: { schema: './schema.json' },
    },
    {
      copy: 'chosen',
      from: { connection: 'dy', table: 'stage', keys: './keys.txt' },
      to: { connection: 'dy', table: 'other' },
    },
    {
      copy: 'users',
      from: { connection: 'dy', table: 'stage', keys: './keys.txt' },
      via: { connection: 'inbox' },
      to: { connection: 'dy', table: 'other' },
    },
    {
      copy: 'reported',
      from: { connection: 'dy', table: 'stage' },
      via: { connection: 'tray' },
      to: { connection: 'my', table: 'report' },
    },
    {
      copy: 'lines',
      from: { connection: 'lake', table: 'orders', format: 'csv' },
      to: { connection: 'my', table: 'report' },
    },
    { verify: 'agree', of: ['out', 'in'] },
    {
      export: 'snapshot',
      from: { connection: 'rds', tables: ['shop.orders'] },
      to: {
        connection: 'lake',
        kmsKey: 'arn:aws:kms:eu-west-1:123456789012:alias/lake',
        role: 'arn:aws:iam::123456789012:role/export',
      },
    },
    {
      replicate: 'follow',
      from: { connection: 'dy', table: 'stage' },
      to: { connection: 'my', table: 'report', mode: 'append' },
      check: { schema: './schema.json' },
    },
  ],
};
const files = { 'schema.json': '{"type":"object","required":["id"]}', 'keys.txt': 'a\nb\n' };

/**
 * Size and import time of the code of each function, as it is bundled for Lambda; Node's own start beside them.
 * @param {import('../main.mjs').Setting} setting
 * @returns {Promise<import('../report.mjs').Result>}
 */
export async function handlers({ log }) {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-handlers-'));
  try {
    const made = await codeOfAll(folder);
    const contest = new Map([['node, an empty program', empty]]);
    for (const { name, module } of made) contest.set(name, imported(module));
    log(`handlers: ${ROUNDS} rounds of ${made.length} functions`);
    for (const warm of contest.values()) await warm();
    const samples = await interleave(ROUNDS, contest);
    return {
      measurement: 'handlers',
      title: 'code of functions, and the time to import it in a fresh process',
      lines: [...made.map(sizeLine), ...[...samples].map(timeLine)],
      notes: ['import: what the process itself measures around `import`'],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @typedef {object} Made
 * @property {string} name
 * @property {string} module
 * @property {number} bytes
 *
 * @param {string} folder
 * @returns {Promise<Made[]>}
 */
async function codeOfAll(folder) {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const { codeOf, parseDeclaration } = await bundler();
  const declared = await parseDeclaration(JSON.stringify(declaration), 'p.yaml', { env: {}, cwd: folder });
  /** @type {Made[]} */
  const made = [];
  for (const { step, part } of [{}, ...declared.steps.flatMap(functionsOf)]) {
    const { files: content, bytes } = await codeOf(declared, step, part);
    const name = step ? `${part ?? (step.via ? 'send' : step.kind)} ${step.name}` : 'run';
    const place = join(folder, 'code', String(made.length));
    for (const [file, text] of content) {
      await mkdir(dirname(join(place, file)), { recursive: true });
      await writeFile(join(place, file), text);
    }
    made.push({ name, module: join(place, 'index.mjs'), bytes });
  }
  return made;
}

/**
 * A copy through a queue has two: what sends, and what receives.
 * @param {{ kind: string, via?: object }} step
 */
const functionsOf = (step) =>
  step.kind === 'copy' && step.via ? [{ step }, { step, part: 'receive' }] : [{ step }];

/** What makes the code, as the program has it: of what is shipped in dist, which it finds two folders above its own. */
async function bundler() {
  const outfile = join(root, '.local', 'bench', 'code', 'bundler.mjs');
  await build({
    stdin: {
      contents: `export { codeOf } from './aws/function-code.js';
        export { parseDeclaration } from './declare/load.js';`,
      resolveDir: join(root, '.local', 'compiled'),
    },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'warning',
  });
  return await import(pathToFileURL(outfile).href);
}

const environment = { AWS_REGION: 'eu-west-1', AWS_LAMBDA_FUNCTION_NAME: 'f' };

async function empty() {
  const { seconds } = await run(process.execPath, ['-e', ''], { environment });
  return seconds * 1000;
}

const importer = `
const started = performance.now();
const { handler } = await import(process.argv[1]);
const took = performance.now() - started;
if (typeof handler !== 'function') throw new Error('no handler');
console.log(took);`;

/** @param {string} module */
function imported(module) {
  return async () => {
    const { output } = await run(process.execPath, ['--input-type=module', '-e', importer, module], {
      environment,
    });
    return Number(output);
  };
}

/**
 * @param {Made} made
 * @returns {import('../report.mjs').Line}
 */
function sizeLine({ name, bytes }) {
  return {
    label: `${name}: code`,
    unit: 'MB',
    samples: [bytes / 1_000_000],
    ratio: bytes / LIMIT_BYTES,
    ratioOf: 'of 1.5 MB',
    atMost: 1,
  };
}

/**
 * @param {[string, number[]]} samples
 * @returns {import('../report.mjs').Line}
 */
function timeLine([name, samples]) {
  if (name.startsWith('node,')) return { label: name, unit: 'ms', samples };
  const ratio = median(samples) / LIMIT_MS;
  return { label: `${name}: import`, unit: 'ms', samples, ratio, ratioOf: `of ${LIMIT_MS} ms`, atMost: 1 };
}
