import * as z from 'zod';
import { environmentReference } from '../../connectors/environment.js';
import { deploy } from './deploy.js';
import { name } from './names.js';
import { schedule } from './schedule.js';

/** The fields at the top but the connections and the steps, whose parts are read one by one. */
export const headFields = {
  pipeline: name.describe('The name of the pipeline.'),
  schedule: schedule.optional(),
  maskKey: environmentReference
    .optional()
    .describe(
      'What masks are made with, from the environment only: { env: MASK_KEY }. At least 16 characters.',
    ),
  deploy: deploy.optional(),
};

export const envelope = z.strictObject({
  ...headFields,
  connections: z
    .record(name, z.unknown())
    .describe('connections: { shop: { kind: mysql, … }, stage: { kind: dynamodb, … } }'),
  steps: z.array(z.unknown()).min(1).describe('steps: [ { copy: NAME, from: …, to: … } ]'),
});
