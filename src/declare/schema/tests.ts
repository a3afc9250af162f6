import * as z from 'zod';
import { errorCodes } from '../../errors.js';
import { logicalTypes } from '../../values/column.js';

const item = z.record(z.string().min(1), z.unknown());
const items = z.union([item, z.array(item).min(1)], { error: 'expected an item, or a list of items' });

const code = z.enum(Object.keys(errorCodes) as [keyof typeof errorCodes]);

const reject = z.union(
  [
    code,
    z.strictObject({
      code: code.describe('Its reason: check_failed.'),
      column: z.string().optional().describe('The column at fault.'),
      message: z.string().optional().describe('A part of what it says.'),
    }),
  ],
  { error: 'expected the code of a reject, or { code, column, message }' },
);

const change = z.strictObject({
  event: z.enum(['insert', 'modify', 'remove']).optional().describe('What happened to the items.'),
  sequence: z.string().regex(/^\d+$/, 'not a number').optional().describe('The place among changes.'),
  changedAt: z.string().optional().describe('When the source made the change: ISO 8601, UTC.'),
  receivedAt: z.string().optional().describe('When it was read: ISO 8601, UTC.'),
});

export const stepTests = z
  .array(
    z.strictObject({
      name: z.string().min(1).describe('What it shows, as a sentence.'),
      given: items.describe('Items as the source has them: AttributeValues, or plain JSON.'),
      columns: z
        .record(z.string(), z.enum(logicalTypes))
        .optional()
        .describe(
          'Types of a MySQL source’s columns, where the values do not tell them: { total: decimal }.',
        ),
      change: change.optional().describe('Of steps that follow changes: what happened to the items.'),
      rows: items.optional().describe('What goes on to the sink, in order.'),
      rejects: z
        .union([reject, z.array(reject).min(1)], { error: 'expected a reject, or a list of them' })
        .optional()
        .describe('What is refused, in order: check_failed, or { code, column, message }.'),
    }),
  )
  .min(1)
  .describe('Given items and what becomes of them: `sluice test` tries it without a server.');

export type StepTestOptions = z.infer<typeof stepTests>[number];
