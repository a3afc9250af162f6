import { z } from 'zod';

const zone = z
  .string()
  .refine(isZone, 'not a time zone: one looks like Asia/Tokyo')
  .optional()
  .describe('IANA time zone, as in Asia/Tokyo. Default UTC.');

/** https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html */
export const schedule = z
  .strictObject({
    cron: z
      .string()
      .refine(
        isCron,
        'not a cron expression: six fields, minute hour day month weekday year, day or weekday being ?',
      )
      .optional()
      .describe(
        'Minute, hour, day, month, weekday, year; one of day and weekday is ?. "0 6 * * ? *" is 6 every day.',
      ),
    rate: z
      .string()
      .regex(/^[1-9]\d{0,5} (minute|hour|day)s?$/, 'not a rate: one looks like 15 minutes')
      .optional()
      .describe('"15 minutes", "1 hour", "7 days".'),
    at: z
      .string()
      .refine(isMoment, 'not a time: one looks like 2026-12-31T06:00:00')
      .optional()
      .describe('Once: "2026-12-31T06:00:00" in the zone.'),
    zone,
  })
  .describe('When the pipeline runs: one of cron, rate and at.');

export type ScheduleOptions = z.infer<typeof schedule>;

/** Names of the zone database only: `+09:00` would be accepted by Intl too, and has no summer time. */
function isZone(text: string): boolean {
  // The list is fast and lacks older names, such as UTC; a formatter knows them all and takes 20 ms to make.
  if (Intl.supportedValuesOf('timeZone').includes(text)) return true;
  if (!/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,2}$/.test(text)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const cronField = /^[0-9A-Za-z*?,/#LW-]+$/;

/** The shape only: what the fields mean is the scheduler's. */
function isCron(text: string): boolean {
  const fields = text.trim().split(/\s+/);
  const [, , day, , weekday] = fields;
  return (
    fields.length === 6 &&
    fields.every((field) => cronField.test(field)) &&
    (day === '?') !== (weekday === '?')
  );
}

function isMoment(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/.test(text)) return false;
  const time = new Date(`${text.length === 16 ? `${text}:00` : text}Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text);
}
