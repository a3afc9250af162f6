import * as z from 'zod';
import { registry } from '../../connectors/registry.js';
import type { RowValue } from '../../transform/row.js';
import type { CallFunction } from '../declaration.js';
import { branchLimit } from './branch-limit.js';
import { copyFields } from './copy.js';
import { headFields } from './envelope.js';
import { exportFields } from './export.js';
import { callFields, verifyFields, waitFields } from './flow-steps.js';
import { name } from './names.js';
import { changeFields, loadFields, replicateFields } from './replicate.js';
import { type StepOptions, stepFields } from './step-fields.js';

const { mysql, dynamodb, files, rds, s3, sqs, firehose } = registry;

const connection = z.discriminatedUnion('kind', [
  mysql.connection,
  dynamodb.connection,
  files.connection,
  rds.connection,
  s3.connection,
  sqs.connection,
  firehose.connection,
]);

const onFailure: z.ZodType<FailureInput, FailureInput> = z.lazy(
  () =>
    z.union([
      step,
      z.array(step).min(1),
      z.strictObject({
        steps: z.union([step, z.array(step).min(1)]).describe('What runs when the step has failed.'),
        // biome-ignore lint/suspicious/noThenProperty: the declaration's word; no value of it can be called
        then: z
          .enum(['stop', 'continue'])
          .optional()
          .describe('stop (default): the run ends, resumable. continue: it goes on behind the step.'),
      }),
    ]) as unknown as z.ZodType<FailureInput, FailureInput>,
);

const withFailure = {
  onFailure: onFailure
    .optional()
    .describe('What runs when the last attempt failed: a step, a list of steps, or { steps, then }.'),
};

const copyFieldsWithEnds = z.strictObject({
  ...copyFields,
  from: z.union([mysql.source, dynamodb.source, files.source]).describe('What is read.'),
  to: z
    .union([mysql.sink.omit({ ttlDeletes: true }), dynamodb.sink.omit({ ttlDeletes: true }), files.sink])
    .describe('Where it is written.'),
});

const copy = copyFieldsWithEnds
  .extend(withFailure)
  .meta({ id: 'copy', description: 'Moves what a source holds into a sink, once.' });

const changeMode = z
  .enum(['append', 'mirror'])
  .describe('append: a row for each change. mirror: the table as its source is now.');

const replicateWithEnds = z.strictObject({
  ...replicateFields,
  from: dynamodb.source
    .pick({ connection: true, table: true })
    .required({ table: true })
    .extend(changeFields)
    .describe('The table whose changes are followed.'),
  to: z
    .union([
      mysql.sink.omit({ duplicates: true }).extend({ ...loadFields, mode: changeMode }),
      dynamodb.sink.omit({ duplicates: true, by: true }).extend({ ...loadFields, mode: changeMode }),
    ])
    .describe('Where it is written.'),
});

const replicate = replicateWithEnds.extend(withFailure).meta({
  id: 'replicate',
  description:
    'Follows the changes of a table without an end; `sluice run --drain` ends it once it has caught up.',
});

const exportOnly = z.strictObject(exportFields);
const exportStep = exportOnly.extend(withFailure).meta({
  id: 'export',
  description: 'A snapshot of an RDS database, exported to S3 as Parquet; the newest is always complete.',
});

const waitOnly = z.strictObject(waitFields);
const wait = waitOnly
  .extend(withFailure)
  .meta({ id: 'wait', description: 'Waits, for a time or until one.' });

const verifyOnly = z.strictObject(verifyFields);
const verify = verifyOnly
  .extend(withFailure)
  .meta({ id: 'verify', description: 'Compares source and sink of copies; fails when they differ.' });

const callOnly = z.strictObject(callFields);
const call = callOnly
  .extend(withFailure)
  .meta({ id: 'call', description: 'Runs a command, or calls a Lambda function.' });

const parallel = z
  .strictObject({
    ...stepFields,
    ...withFailure,
    parallel: z
      .array(z.lazy(() => z.union([step, z.array(step).min(1)])))
      .min(1)
      .describe('Branches that run side by side: each a step, or a list of steps.'),
    limit: branchLimit,
  })
  .meta({ id: 'parallel', description: 'Branches that run side by side.' });

const step: z.ZodType<StepInput, StepInput> = z
  .lazy(
    () =>
      z.union([copy, replicate, exportStep, wait, verify, call, parallel]) as unknown as z.ZodType<
        StepInput,
        StepInput
      >,
  )
  .meta({ id: 'step' });

/** The whole document: what editors know of it, and the types of a TypeScript declaration. */
export const document = z
  .strictObject({
    ...headFields,
    connections: z
      .record(name, connection)
      .describe('The databases, by a name of your choice that `from` and `to` use.'),
    steps: z.array(step).min(1).describe('Steps, one after the other.'),
  })
  .meta({ title: 'Sluice pipeline' });

/**
 * A copy as a TypeScript declaration spells it. `Row` is what its row function takes to be read; nobody checks
 * that against the source.
 */
export type CopyInput<Row = Record<string, RowValue>> = z.input<typeof copyFieldsWithEnds> & {
  onFailure?: FailureInput | undefined;
  /** Makes the row that is written from the row that was read. What it returns is checked. */
  row?(row: Row): Readonly<Record<string, RowValue>>;
};

/** A replicate as a TypeScript declaration spells it. */
export type ReplicateInput<Row = Record<string, RowValue>> = z.input<typeof replicateWithEnds> & {
  onFailure?: FailureInput | undefined;
  /** As a copy's; rows that are removed do not go through it. */
  row?(row: Row): Readonly<Record<string, RowValue>>;
};

/** A call as a TypeScript declaration spells it: what it runs may be a function. */
export type CallInput = Omit<z.input<typeof callOnly>, 'run' | 'input'> & {
  onFailure?: FailureInput | undefined;
  run?: readonly string[] | CallFunction | undefined;
  input?: unknown;
};

export type ExportInput = z.input<typeof exportOnly> & { onFailure?: FailureInput | undefined };
export type WaitInput = z.input<typeof waitOnly> & { onFailure?: FailureInput | undefined };
export type VerifyInput = z.input<typeof verifyOnly> & { onFailure?: FailureInput | undefined };

export interface ParallelInput extends StepOptions {
  parallel: (StepInput | StepInput[])[];
  limit?: number | undefined;
  onFailure?: FailureInput | undefined;
}

export type StepInput =
  | CopyInput
  | ReplicateInput
  | ExportInput
  | WaitInput
  | VerifyInput
  | CallInput
  | ParallelInput;

export type FailureInput =
  | StepInput
  | StepInput[]
  | { steps: StepInput | StepInput[]; then?: 'stop' | 'continue' | undefined };

/** A document as a TypeScript declaration spells it. */
export type PipelineInput = Omit<z.input<typeof document>, 'steps'> & { steps: StepInput[] };
