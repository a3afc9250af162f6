import * as z from 'zod';

/** A key list in a file. */
export const keyFile = z.strictObject({
  file: z.string().min(1).describe('The file, from the declaration’s folder; - is standard input.'),
  format: z
    .enum(['text', 'jsonl', 'csv'])
    .optional()
    .describe(
      'text: a key a line. jsonl: {"pk":"a","sk":7} a line. csv: with a header. Default: by the extension.',
    ),
});

export type KeyFileOptions = z.infer<typeof keyFile>;
