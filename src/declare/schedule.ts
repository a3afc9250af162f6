import type { Problem } from '../errors.js';
import { readSchedule, type ScheduleText } from '../schedule/parse.js';
import type { ScheduleProblem } from '../schedule/schedule.js';
import type { ScheduleDeclaration } from './declaration.js';
import type { ProblemCode } from './problem-codes.js';
import type { Mistake, Report } from './report.js';
import { type ScheduleOptions, schedule as schema } from './schema/schedule.js';

interface CheckedSchedule {
  /** Absent where there is none, or none that is right: the report has been told. */
  readonly schedule?: ScheduleDeclaration;
  /** Warnings. */
  readonly notes: readonly Problem[];
}

/** Reads what the field `schedule` holds; what the schema objects to has been said. */
export function checkSchedule(value: unknown, report: Report): CheckedSchedule {
  const parsed = schema.safeParse(value);
  if (!parsed.success) return { notes: [] };
  const text = textOf(parsed.data, report);
  if (!text) return { notes: [] };
  const read = readSchedule(text);
  if ('problems' in read) {
    for (const problem of read.problems)
      report.add(['schedule', problem.field], mistake(problem, 'wrong_value'));
    return { notes: [] };
  }
  const { kind, expression, zone } = read.schedule;
  const { missed = 'run-once' } = parsed.data;
  const notes = read.notes.map((note) =>
    report.problemAt(['schedule', note.field], mistake(note, 'cron_unix')),
  );
  return { schedule: { [kind]: expression, zone, missed } as ScheduleDeclaration, notes };
}

function mistake({ message, hint }: ScheduleProblem, code: ProblemCode): Mistake {
  return { code, message, hint };
}

/** Exactly one of cron, rate and at. */
function textOf({ cron, rate, at, zone = 'UTC' }: ScheduleOptions, report: Report): ScheduleText | undefined {
  const given = [cron, rate, at].filter((each) => each !== undefined);
  if (given.length !== 1) {
    const isEmpty = given.length === 0;
    const message = isEmpty ? 'the schedule says nothing' : '`cron`, `rate` and `at` exclude each other';
    const hint = 'give one of cron: "0 6 * * ? *", rate: "15 minutes", at: "2026-12-31T06:00:00"';
    report.add(['schedule'], { code: isEmpty ? 'missing_field' : 'conflict', message, hint });
    return undefined;
  }
  if (cron !== undefined) return { cron, zone };
  if (rate !== undefined) return { rate, zone };
  return at === undefined ? undefined : { at, zone };
}
