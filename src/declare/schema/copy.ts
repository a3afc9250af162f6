import * as z from 'zod';
import { maskWays } from '../../transform/mask/mask-cell.js';
import { metaNames } from '../../transform/meta.js';
import { asTypes } from '../declaration.js';
import { duration } from './duration.js';
import { limit, name } from './names.js';
import { stepFields } from './step-fields.js';
import { stepTests } from './tests.js';

const column = z.string().min(1);

const notAdded =
  'expected text, an integer, true, false or null: quote a number with a fraction, and give `as: decimal`';

const constants = [z.string(), z.boolean(), z.null(), z.int(), z.bigint()] as const;

const added = z.union(constants, { error: notAdded });

const ofChange = z.strictObject({
  meta: z.enum(metaNames).describe('Of the change that the row is; for steps that follow changes.'),
});

const origin = z.union(
  [column, ofChange, z.strictObject({ value: added.describe('The same in every row.') })],
  {
    error: 'expected a path, { value: CONSTANT }, or { meta: changedAt | receivedAt | sequence | event }',
  },
);

const map = z
  .strictObject({
    only: z
      .union([z.array(column).min(1), z.record(column, origin)], {
        error: 'expected a list of columns, or new names with the paths they come from',
      })
      .optional()
      .describe(
        'Only these: a list of columns, or { new: old }; a path goes into documents: { city: address.city }; also { new: { value: 1 } } and { new: { meta: changedAt } }.',
      ),
    rename: z.record(column, column).optional().describe('{ new: old }'),
    drop: z.array(column).min(1).optional().describe('Columns that are left out.'),
    add: z
      .record(column, z.union([...constants, ofChange], { error: notAdded }))
      .optional()
      .describe('Columns with the same value in every row: { origin: shop }.'),
    as: z
      .record(column, z.enum(asTypes))
      .optional()
      .describe('Read a column as another type: { is_active: bool, payload: document }.'),
  })
  .describe('Which columns go on, and under which names.');

const perSecond = (what: string) =>
  z.number().positive().max(1e9).optional().describe(`${what} a second. Fractions are possible: 0.5.`);

const pace = z
  .strictObject({
    items: perSecond('Rows or items'),
    bytes: perSecond('Bytes'),
    readUnits: perSecond('DynamoDB read units'),
    writeUnits: perSecond('DynamoDB write units'),
    share: z
      .string()
      .regex(/^(?!0+(\.0+)?%)(100|\d{1,2}(\.\d+)?)%$/, 'not a share: one looks like 20%')
      .optional()
      .describe('Of the units a second that a DynamoDB table is provisioned for: "20%".'),
    adapt: z
      .boolean()
      .optional()
      .describe('Go slower while the service throttles, and recover; never above the other limits.'),
  })
  .refine(hasLimit, {
    path: ['adapt'],
    error: '`adapt` has no pace to go down from: give items, bytes, readUnits, writeUnits or share too',
  })
  .describe('Never faster than this, all writers together.');

function hasLimit({ adapt, ...limits }: { readonly adapt?: boolean | undefined }): boolean {
  return adapt !== true || Object.values(limits).some((limit) => limit !== undefined);
}

const check = z.union([z.string().min(1), z.record(z.string().min(1), z.unknown())], {
  error: 'expected the name of a file, a JSON Schema, or columns with one of them each',
});

const extra = z.union(
  [
    z.enum(['reject', 'ignore']),
    z.strictObject({ into: column.describe('The column that takes them, as one document.') }),
  ],
  { error: 'expected reject, ignore or { into: COLUMN }' },
);

/** What is asked of rows before anything else is done to them. */
const contentFields = {
  parse: z
    .array(column)
    .min(1)
    .optional()
    .describe('Columns or attributes that hold JSON text and become documents: [payload].'),
  check: check
    .optional()
    .describe(
      'A JSON Schema, draft-04 to 2020-12: ./hit.schema.json, { payload: ./hit.schema.json } or { "*": … } for the whole item.',
    ),
  extra: extra
    .optional()
    .describe(
      'What becomes of members that the schema of `check` does not know: reject, ignore or { into: more }. Default: they go on.',
    ),
};

/** The fields of a copy but its two ends, which the kinds of their connections define. */
export const copyFields = {
  copy: name.describe('The name of the step, unique in the pipeline.'),
  via: z
    .strictObject({ connection: name.describe('A connection of kind sqs.') })
    .optional()
    .describe('A queue between source and sink: what is sent is mapped and masked before.'),
  ...contentFields,
  tests: stepTests.optional(),
  map: map.optional(),
  mask: z
    .record(column, z.enum(maskWays))
    .optional()
    .describe(
      'Makes data harmless: { email: hash, name: redact, phone: keep-format, profile.city: redact }.',
    ),
  /** YAML reads a bare `null` as null. */
  empty: z
    .literal(['keep', 'null', null])
    .optional()
    .describe('What becomes of empty text: keep it (default), or make it NULL.'),
  nulls: z
    .enum(['keep', 'omit'])
    .optional()
    .describe('What becomes of NULL in DynamoDB: a NULL attribute (keep, default), or none (omit).'),
  rejects: z
    .strictObject({ limit: limit.describe('Rows, or a share of the rows read: 100 or "1%".') })
    .optional()
    .describe('Rows that may be refused before the run stops. Default 0: the first one stops it.'),
  ...stepFields,
  pace: pace.optional(),
  parallel: z.int().min(1).max(64).optional().describe('Writers side by side. Default 4.'),
  patience: duration
    .optional()
    .describe(
      'How long a failing call is tried again before its rows are rejects: seconds, or "5m". Default 5m.',
    ),
};

const notARow = '`row` is a function: only a TypeScript declaration can have one';

/** Of a TypeScript declaration. */
export const rowFunction = z
  .custom<(row: never) => unknown>((value) => typeof value === 'function', notARow)
  .optional();

export const copy = z.strictObject({
  ...copyFields,
  /** Each is checked by the kind of its connection. */
  from: z.unknown().optional(),
  to: z.unknown().optional(),
  onFailure: z.unknown().optional(),
  row: rowFunction,
});

export type CopyOptions = z.infer<typeof copy>;
