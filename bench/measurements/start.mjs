import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { awsEnvironment } from '../null-endpoint.mjs';
import { root, run } from '../program.mjs';
import { cli } from '../sluice.mjs';
import { interleave } from '../statistics.mjs';

const ROUNDS = 7;
const example = join('examples', 'orders-nightly.yaml');

/**
 * Whole time of commands that connect to nothing, on a warm disk; Node's own start beside them.
 * @param {import('../main.mjs').Setting} setting
 * @returns {Promise<import('../report.mjs').Result>}
 */
export async function start({ log }) {
  const contest = new Map([
    ['node, an empty program', timed(['-e', ''])],
    ['sluice --help', timed([cli, '--help'])],
    ['sluice --help again (A/A)', timed([cli, '--help'])],
  ]);
  if (existsSync(join(root, example))) contest.set('sluice check', timed([cli, 'check', example]));
  log(`start: ${ROUNDS} rounds`);
  for (const warm of contest.values()) await warm();
  const samples = await interleave(ROUNDS, contest);
  /** @type {Record<string, number>} */
  const targets = { 'sluice --help': 150, 'sluice check': 400 };
  const lines = [...samples].map(([label, milliseconds]) => {
    /** @type {import('../report.mjs').Line} */
    const line = { label, unit: 'ms', samples: milliseconds };
    const atMost = targets[label];
    return atMost === undefined ? line : { ...line, atMost };
  });
  return { measurement: 'start', title: 'process start to exit', lines, notes: [] };
}

/** @param {readonly string[]} programArguments */
function timed(programArguments) {
  return async () => {
    const { seconds } = await run(process.execPath, programArguments, { environment: exampleEnvironment });
    return seconds * 1000;
  };
}

const exampleEnvironment = { ...awsEnvironment, REPORT_PASSWORD: 'bench', SHOP_PASSWORD: 'bench' };
