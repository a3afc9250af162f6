import * as z from 'zod';

/** `deletes` of a sink that can mirror; `rows` is what it holds, for people: `Rows`, `Items`. */
export function deletesOption(rows: 'Rows' | 'Items') {
  const limit = z
    .union([z.int().min(0), z.string().regex(/^(100|\d{1,2}(\.\d+)?)%$/, 'not a share: one looks like 10%')])
    .describe(`${rows}, or a share of the ${rows.toLowerCase()} in the sink. Default 10%.`);
  return z.strictObject({ limit }).optional().describe('mirror: stop before deleting more than this.');
}

export const duplicatesOption = z
  .enum(['refuse', 'last'])
  .optional()
  .describe('Source rows with the same key: refuse (default), or the last one wins.');

export const ttlDeletesOption = z
  .enum(['apply', 'ignore'])
  .optional()
  .describe(
    'Changes, mode mirror: what becomes of items that the source removed because their time to live was over. apply (default): they go here too. ignore: they stay.',
  );
