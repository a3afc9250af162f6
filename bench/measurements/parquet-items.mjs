import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checked, exported } from '../exported-files.mjs';
import { awsEnvironment, NullEndpoint } from '../null-endpoint.mjs';
import { findPython, runArrowItems } from '../peers.mjs';
import { root } from '../program.mjs';
import { compared, rateLine } from '../report.mjs';
import { interleave } from '../statistics.mjs';

const BYTES_PER_MB = 1024 * 1024;
const MAX_MB = 350;
const MIN_RATIO = 8;

const types = {
  id: 'int',
  customer_id: 'int',
  status: 'text',
  total: 'decimal',
  quantity: 'int',
  email: 'text',
  created_at: 'datetime',
  note: 'text',
};
const only = Object.keys(types);

/**
 * Canned Scan pages → Parquet files of this machine: Sluice with a type for each attribute, and with none, and boto3 with
 * pyarrow, which moves fewer rows. What the files hold is counted by DuckDB after each run.
 * @param {import('../main.mjs').Setting} setting
 * @returns {Promise<import('../report.mjs').Result>}
 */
export async function parquetItems({ sizes, rounds, log }) {
  await mkdir(join(root, '.local', 'bench'), { recursive: true });
  const folder = await mkdtemp(join(root, '.local', 'bench', 'items-'));
  const endpoint = await NullEndpoint.start([sizes.rows, sizes.oldExportedRows]);
  try {
    const typed = () => itemsFile(endpoint, folder, sizes.rows, { as: types });
    const runs = new Map([
      ['typed', typed],
      ['json', () => itemsFile(endpoint, folder, sizes.rows, {})],
      ['typed again', typed],
    ]);
    const found = await findPython('arrow');
    if ('python' in found) {
      runs.set('boto3', () => peerFile(found.python, endpoint, folder, sizes.oldExportedRows));
    }
    log(`parquet-items: ${rounds} rounds of ${[...runs.keys()].join(', ')}`);
    const samples = await interleave(rounds, runs);
    const lineOf = (/** @type {string} */ label, /** @type {string} */ whose) =>
      rateLine(label, samples.get(whose) ?? []);
    const ours = lineOf('sluice, a type for each attribute', 'typed');
    const peaks = ['typed', 'json'].flatMap((whose) => samples.get(whose) ?? []);
    const peak = Math.max(...peaks.map(({ usage }) => usage.peakBytes)) / BYTES_PER_MB;
    const lines = [
      ours,
      compared(ours, lineOf('sluice again (A/A)', 'typed again'), { name: 'sluice' }),
      lineOf('sluice, each attribute its JSON', 'json'),
      { label: 'peak memory', unit: /** @type {const} */ ('MB'), samples: [peak], atMost: MAX_MB },
    ];
    if ('python' in found) {
      const peer = lineOf(`boto3 and pyarrow, ${sizes.oldExportedRows} rows`, 'boto3');
      lines.push(compared(ours, peer, { name: 'boto3 and pyarrow', atLeast: MIN_RATIO }));
    }
    const notes = 'skipped' in found ? [`boto3 and pyarrow: skipped, ${found.skipped}`] : [];
    const title = `canned DynamoDB pages → Parquet, ${sizes.rows} rows`;
    return { measurement: 'parquet-items', title, lines, notes };
  } finally {
    await endpoint.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @param {NullEndpoint} endpoint
 * @param {string} folder
 * @param {number} rows
 * @param {{ as?: Record<string, string> }} map
 */
async function itemsFile(endpoint, folder, rows, map) {
  return await exported({
    source: { kind: 'dynamodb', region: 'eu-west-1', endpoint: endpoint.url },
    from: { table: `canned-${rows}` },
    step: { map: { only, ...map }, parallel: 4 },
    folder,
    table: 'items',
    rows,
    id: map.as ? 'id' : "CAST(json_extract_string(id, '$.N') AS BIGINT)",
    environment: awsEnvironment,
  });
}

/**
 * @param {string} python
 * @param {NullEndpoint} endpoint
 * @param {string} folder
 * @param {number} rows
 */
async function peerFile(python, endpoint, folder, rows) {
  const path = join(folder, 'boto3.parquet');
  const sample = await runArrowItems(python, { table: `canned-${rows}`, path, endpoint: endpoint.url });
  return await checked(sample, [path], rows);
}
