import * as z from 'zod';

/** What the texts mean is src/schedule's. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html */
export const schedule = z
  .strictObject({
    cron: z
      .string()
      .optional()
      .describe(
        'Minute, hour, day, month, weekday, year; one of day and weekday is ?. "0 6 * * ? *" is 6 every day.',
      ),
    rate: z.string().optional().describe('"15 minutes", "1 hour", "7 days".'),
    at: z.string().optional().describe('Once: "2026-12-31T06:00:00" in the zone.'),
    zone: z.string().optional().describe('IANA time zone, as in Asia/Tokyo. Default UTC.'),
    missed: z
      .enum(['run-once', 'skip'])
      .optional()
      .describe(
        'What `sluice serve` makes of firings that came due while it was down or a run went on: one run for all of them (default), or none.',
      ),
  })
  .describe('When the pipeline runs: one of cron, rate and at.');

export type ScheduleOptions = z.infer<typeof schedule>;
