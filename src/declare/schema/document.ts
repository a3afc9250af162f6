import { z } from 'zod';
import { registry } from '../../connectors/registry.js';
import type { RowValue } from '../../transform/row.js';
import { branchLimit } from './branch-limit.js';
import { copyFields } from './copy.js';
import { headFields } from './envelope.js';
import { name } from './names.js';

const [mysql, dynamodb] = [registry.mysql, registry.dynamodb];

const connection = z.discriminatedUnion('kind', [mysql.connection, dynamodb.connection]);

const copy = z
  .strictObject({
    ...copyFields,
    from: z.union([mysql.source, dynamodb.source]).describe('What is read.'),
    to: z.union([mysql.sink, dynamodb.sink]).describe('Where it is written.'),
  })
  .meta({ id: 'copy', description: 'Moves what a source holds into a sink, once.' });

const parallel = z
  .strictObject({
    parallel: z
      .array(z.lazy(() => z.union([step, z.array(step).min(1)])))
      .min(1)
      .describe('Branches that run side by side: each a step, or a list of steps.'),
    limit: branchLimit,
  })
  .meta({ id: 'parallel', description: 'Branches that run side by side.' });

const step: z.ZodType<StepInput, StepInput> = z
  .lazy(() => z.union([copy, parallel]) as unknown as z.ZodType<StepInput, StepInput>)
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
export type CopyInput<Row = Record<string, RowValue>> = z.input<typeof copy> & {
  /** Makes the row that is written from the row that was read. What it returns is checked. */
  row?(row: Row): Readonly<Record<string, RowValue>>;
};

export interface ParallelInput {
  parallel: (StepInput | StepInput[])[];
  limit?: number | undefined;
}

export type StepInput = CopyInput | ParallelInput;

/** A document as a TypeScript declaration spells it. */
export type PipelineInput = Omit<z.input<typeof document>, 'steps'> & { steps: StepInput[] };
