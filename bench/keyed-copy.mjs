import { runDeclaration } from './sluice.mjs';

/** Prime, and so a step through any list of fewer ids that meets each once. */
const STRIDE = 7_368_787;

/**
 * Copies the items that a list names into the table `users` of another endpoint.
 * @param {{ url: string, table: string }} from
 * @param {string} to
 * @param {readonly number[]} ids
 * @param {{ items: number }} [pace]
 */
export async function copyKeys(from, to, ids, pace) {
  const sample = await runDeclaration(
    {
      pipeline: 'bench',
      connections: {
        prod: { kind: 'dynamodb', region: 'eu-west-1', endpoint: from.url },
        dev: { kind: 'dynamodb', region: 'eu-west-1', endpoint: to },
      },
      steps: [
        {
          copy: 'users',
          from: { connection: 'prod', table: from.table, keys: './keys.txt' },
          to: { connection: 'dev', table: 'users' },
          ...(pace ? { pace } : {}),
        },
      ],
    },
    { files: { 'keys.txt': `${ids.join('\n')}\n` } },
  );
  if (sample.rows !== ids.length) throw new Error(`${ids.length} keys, but ${sample.rows} items written`);
  return sample;
}

/**
 * The ids from 1 to `count` in an order that no table has.
 * @param {number} count less than STRIDE
 */
export function shuffled(count) {
  return Array.from({ length: count }, (_, index) => 1 + ((index * STRIDE) % count));
}
