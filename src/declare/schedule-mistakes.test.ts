import { describe, expect, test } from 'vitest';
import { problemsOf, right } from '../../test/fixtures/declarations.js';
import { readSchedule } from '../schedule/parse.js';
import { parseDeclaration } from './load.js';

/** A wrong text, and all that is said about it: what is wrong → what is right. */
type Row = readonly [text: string, ...problems: string[]];

const crons: readonly Row[] = [
  [
    '0 6 * * * *',
    'day * and weekday * are both given → AWS has ? in one of day and weekday, which says that the other decides: "0 6 * * ? *"',
  ],
  [
    '0 6 ? * ? *',
    'day and weekday are both ? → AWS has ? in one of day and weekday, which says that the other decides: "0 6 * * ? *"',
  ],
  [
    '0 6 1 * MON *',
    'day 1 and weekday MON are both given → AWS has ? in one of day and weekday, which says that the other decides: "0 6 1 * ? *" or "0 6 ? * MON *"',
  ],
  [
    '0 6 1 * * *',
    'day 1 and weekday * are both given → AWS has ? in one of day and weekday, which says that the other decides: "0 6 1 * ? *"',
  ],
  [
    '0 6 * * MON *',
    'day * and weekday MON are both given → AWS has ? in one of day and weekday, which says that the other decides: "0 6 ? * MON *"',
  ],
  ['0 6 MON-FRI * ? *', 'day MON-FRI is a weekday → weekdays stand in the fifth field: "0 6 ? * MON-FRI *"'],
  [
    '0 6 * ? MON *',
    'month cannot be ? → ? stands only in day or weekday, the third and the fifth field: "0 6 ? * MON *"',
    'day * and weekday MON are both given → AWS has ? in one of day and weekday, which says that the other decides: "0 6 ? * MON *"',
  ],
  ['60 6 * * ? *', 'minute 60 does not exist → minutes are 0 to 59: "0 6 * * ? *"'],
  ['0 24 * * ? *', 'hour 24 does not exist → hours are 0 to 23; midnight is 0: "0 0 * * ? *"'],
  ['0 25 * * ? *', 'hour 25 does not exist → hours are 0 to 23; midnight is 0, as in "0 6 * * ? *"'],
  [
    '0 6 0 * ? *',
    'day 0 does not exist → days are 1 to 31; L is the last one of a month, as in "0 6 15 * ? *"',
  ],
  [
    '0 6 32 * ? *',
    'day 32 does not exist → days are 1 to 31; L is the last one of a month, as in "0 6 15 * ? *"',
  ],
  ['0 6 1 13 ? *', 'month 13 does not exist → months are 1 to 12 or JAN to DEC, as in "0 6 1 JAN,JUL ? *"'],
  [
    '0 6 ? * 8 *',
    'weekday 8 does not exist → weekdays are 1 to 7 or SUN to SAT; 1 is Sunday, as in "0 6 ? * MON-FRI *"',
  ],
  [
    '0 6 ? * 0-5 *',
    'weekday 0-5 counts from 0 → AWS counts weekdays from 1, which is Sunday; unix cron from 0: "0 6 ? * SUN-FRI *"',
  ],
  [
    '0 6 ? * 0,6 *',
    'weekday 0,6 counts from 0 → AWS counts weekdays from 1, which is Sunday; unix cron from 0: "0 6 ? * SUN,SAT *"',
  ],
  ['0 6 * * ? 26', 'year 26 does not exist → years are 1970 to 2199: "0 6 * * ? 2026"'],
  ['0 6 * * ? 2500', 'year 2500 does not exist → years are 1970 to 2199, as in "0 6 * * ? 2027"'],
  [
    '0 22-2 * * ? *',
    'hour 22-2 runs backwards → a range over the end of the field is two ranges: "0 22-23,0-2 * * ? *"',
  ],
  [
    '0 6 ? * FRI-MON *',
    'weekday FRI-MON runs backwards → a range over the end of the field is two ranges: "0 6 ? * FRI-SAT,SUN-MON *"',
  ],
  [
    '0 6 25-5 * ? *',
    'day 25-5 runs backwards → a range over the end of the field is two ranges: "0 6 25-31,1-5 * ? *"',
  ],
  [
    '0 6 1 NOV-FEB ? *',
    'month NOV-FEB runs backwards → a range over the end of the field is two ranges: "0 6 1 NOV-DEC,JAN-FEB ? *"',
  ],
  [
    '0 6 * * ? 2030-2027',
    'year 2030-2027 runs backwards → the earlier year stands first: "0 6 * * ? 2027-2030"',
  ],
  [
    '0 6 ? * MONDAY-FRIDAY *',
    'weekday MONDAY is not a name → weekdays are 1 to 7 or SUN to SAT; 1 is Sunday: "0 6 ? * MON-FRI *"',
  ],
  [
    '0 6 ? * TUES,THURS *',
    'weekday TUES is not a name → weekdays are 1 to 7 or SUN to SAT; 1 is Sunday: "0 6 ? * TUE,THU *"',
    'weekday THURS is not a name → weekdays are 1 to 7 or SUN to SAT; 1 is Sunday: "0 6 ? * TUE,THU *"',
  ],
  ['0 6 1 JANUARY ? *', 'month JANUARY is not a name → months are 1 to 12 or JAN to DEC: "0 6 1 JAN ? *"'],
  ['/15 * * * ? *', 'minute /15 cannot be read → a step needs a beginning: "*/15 * * * ? *"'],
  ['*/0 * * * ? *', 'minute */0 has a step of 0 → a step is at least 1: "*/1 * * * ? *"'],
  [
    '*/60 * * * ? *',
    'minute */60 has a step that leads out of the field → only 0 would be left of it; minutes are 0 to 59: "0 * * * ? *"',
  ],
  [
    '0,30, * * * ? *',
    'minute 0,30, has a comma with nothing beside it → a comma stands between two values: "0,30 * * * ? *"',
  ],
  [
    '? 6 * * ? *',
    'minute cannot be ? → ? stands only in day or weekday, the third and the fifth field: "* 6 * * ? *"',
  ],
  [
    '0 L * * ? *',
    'hour L cannot have L → L stands in day (the last of a month) or weekday (6L is the last Friday), as in "0 6 L * ? *"',
  ],
  [
    '0 6 ? * 15W *',
    'weekday 15W cannot have W → W stands in day only: 15W is the day from MON to FRI nearest to the 15th, as in "0 6 15W * ? *"',
  ],
  [
    '0 6 6#3 * ? *',
    'day 6#3 cannot have # → # stands in weekday only: 6#3 is the third Friday of a month, as in "0 6 ? * 6#3 *"',
  ],
  [
    '0 6 W15 * ? *',
    'day W15 cannot be read → with L or W a day is L (the last), LW (the last from MON to FRI) or 15W (from MON to FRI, nearest to the 15th): "0 6 15W * ? *"',
  ],
  [
    '0 6 L-3 * ? *',
    'day L-3 cannot be read → with L or W a day is L (the last), LW (the last from MON to FRI) or 15W (from MON to FRI, nearest to the 15th), as in "0 6 15W * ? *"',
  ],
  [
    '0 6 1,L * ? *',
    'day 1,L has L in a list → a field with L holds nothing else; another day needs another pipeline, as in "0 6 L * ? *"',
  ],
  [
    '0 6 ? * 2#1,6#3 *',
    'weekday 2#1,6#3 has # in a list → a field with # holds nothing else; another day needs another pipeline, as in "0 6 ? * 6#3 *"',
  ],
  [
    '0 6 ? * 6#6 *',
    'weekday 6#6 counts to 6 → a month has up to 5 of a weekday; 6L is its last FRI: "0 6 ? * 6L *"',
  ],
  [
    '0 6 ? * 5#L *',
    'weekday 5#L cannot be read → with L or # a weekday is 6L (the last Friday), 6#3 (the third) or L (Saturday): "0 6 ? * 5L *"',
  ],
  [
    '0 6 ? * 0#1 *',
    'weekday 0#1 cannot be read → with L or # a weekday is 6L (the last Friday), 6#3 (the third) or L (Saturday): "0 6 ? * 1#1 *"',
  ],
  ['1.5 * * * ? *', 'minute 1.5 cannot be read → minutes are 0 to 59, as in "30 6 * * ? *"'],
  ['H 6 * * ? *', 'minute H cannot be read → minutes are 0 to 59, as in "30 6 * * ? *"'],
  [
    '70 6 * 0 ? *',
    'minute 70 does not exist → minutes are 0 to 59, as in "30 6 * * ? *"',
    'month 0 does not exist → months are 1 to 12 or JAN to DEC, as in "0 6 1 JAN,JUL ? *"',
  ],
  [
    '0 6 * *',
    'the expression has 4 of six fields → there are six fields: minute hour day month weekday year, as in "0 6 * * ? *"',
  ],
  [
    '0 0 6 * * ? *',
    'the expression begins with seconds → AWS has none: minute hour day month weekday year: "0 6 * * ? *"',
  ],
  [
    '0 0 6 * * ?',
    'the expression begins with seconds → AWS has none: minute hour day month weekday year: "0 6 * * ? *"',
  ],
  [
    '0 0 6 * * MON-FRI',
    'the expression begins with seconds → AWS has none: minute hour day month weekday year: "0 6 ? * MON-FRI *"',
  ],
  [
    '',
    'the expression is empty → there are six fields: minute hour day month weekday year, as in "0 6 * * ? *"',
  ],
  [
    '@reboot',
    '@reboot is no schedule → a name is one of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, as in "0 6 * * ? *"',
  ],
  [
    '0 6 30 2 ? *',
    'the expression never fires: there is no day 30 in month 2 → L is the last day of a month: "0 6 L 2 ? *"',
  ],
  [
    '0 6 29 2 ? 2027',
    'the expression never fires: there is no day 29 in month 2 of 2027 → L is the last day of a month: "0 6 L 2 ? 2027"',
  ],
  [
    '0 6 31 4,6,9,11 ? *',
    'the expression never fires: there is no day 31 in month 4,6,9,11 → L is the last day of a month: "0 6 L 4,6,9,11 ? *"',
  ],
  [
    '0 6 1 * 1',
    'day 1 and weekday MON are both given: unix cron fires when either matches, which AWS cannot say → choose one, or make two pipelines: "0 6 1 * ? *" or "0 6 ? * MON *"',
  ],
  [
    '0 6 */2 * 1',
    'day */2 and weekday MON are both given: unix cron fires when both match, which AWS cannot say → choose one, or make two pipelines: "0 6 1/2 * ? *" or "0 6 ? * MON *"',
  ],
  [
    '5/15 * * * *',
    '5/15 is a step without a range → unix cron takes steps of a range or of *: "5-59/15 * * * ? *"',
  ],
  [
    '0 6 * * 8',
    'weekday 8 does not exist → weekdays are 1 to 7 or SUN to SAT; 1 is Sunday, as in "0 6 ? * MON-FRI *"',
  ],
];

const rates: readonly Row[] = [
  ['15 min', '"15 min" is not a rate → a rate is a whole number of minutes, hours or days: "15 minutes"'],
  ['15', '"15" is not a rate → a rate is a whole number of minutes, hours or days: "15 minutes"'],
  [
    '0 minutes',
    '"0 minutes" is not a rate: it has to be more than 0 → a rate is a whole number of minutes, hours or days: "15 minutes"',
  ],
  [
    '1.5 hours',
    '"1.5 hours" is not a rate → a rate is a whole number of minutes, hours or days: "90 minutes"',
  ],
  [
    '30 seconds',
    `"30 seconds" is faster than a minute, AWS's shortest rate → a rate is a whole number of minutes, hours or days: "1 minute"`,
  ],
  ['1h', '"1h" is not a rate → a rate is a whole number of minutes, hours or days: "1 hour"'],
  ['2 weeks', '"2 weeks" is not a rate → a rate is a whole number of minutes, hours or days: "14 days"'],
  [
    '1 month',
    '"1 month" is not a rate: months and years have no one length → a rate is a whole number of minutes, hours or days: "15 minutes"',
  ],
  [
    '1000000 minutes',
    '"1000000 minutes" is not a rate: 999999 is the largest number → a rate is a whole number of minutes, hours or days: "15 minutes"',
  ],
  [
    'every 5 minutes',
    '"every 5 minutes" is not a rate → a rate is a whole number of minutes, hours or days: "5 minutes"',
  ],
  ['PT15M', '"PT15M" is not a rate → a rate is a whole number of minutes, hours or days: "15 minutes"'],
];

const times: readonly Row[] = [
  [
    '2026-02-30T06:00:00',
    '"2026-02-30T06:00:00" is not a time: the calendar or the clock lacks it → a time is a date and a time of day in the zone: "2026-12-31T06:00:00"',
  ],
  [
    '2026-12-31',
    '"2026-12-31" is not a time → a time is a date and a time of day in the zone: "2026-12-31T00:00:00"',
  ],
  [
    '2026-12-31 06:00',
    '"2026-12-31 06:00" is not a time → a time is a date and a time of day in the zone: "2026-12-31T06:00:00"',
  ],
  [
    '2026-12-31T06:00:00Z',
    '"2026-12-31T06:00:00Z" has an offset; the field `zone` says where the clock is → a time is a date and a time of day in the zone: "2026-12-31T06:00:00"',
  ],
  [
    'tomorrow',
    '"tomorrow" is not a time → a time is a date and a time of day in the zone: "2026-12-31T06:00:00"',
  ],
  [
    '2027-03-14T02:30:00',
    '"2027-03-14T02:30:00" does not exist in America/New_York: the clock jumps over it → a time is a date and a time of day in the zone: "2027-03-14T03:30:00"',
  ],
];

const zones: readonly Row[] = [
  ['Tokyo/Asia', '"Tokyo/Asia" is not a time zone → one looks like Asia/Tokyo'],
  ['+09:00', '"+09:00" is not a time zone → one looks like Asia/Tokyo'],
  ['Tokyo', '"Tokyo" is not a time zone → one looks like Asia/Tokyo'],
  ['europe/berlin', '"europe/berlin" is not a time zone → one looks like Europe/Berlin'],
  ['PST', '"PST" is not a time zone → one looks like Asia/Tokyo'],
  ['Asia/Tokio', '"Asia/Tokio" is not a time zone → one looks like Asia/Tokyo'],
];

function scheduled(schedule: string): string {
  return `pipeline: p\nschedule: ${schedule}\nconnections: { stage: { kind: dynamodb }, shop: { kind: mysql, secret: s } }\n${right}`;
}

/** What is said of a schedule, without place, path and code: those are one for all. */
async function saidOf(schedule: string, field: string): Promise<readonly string[]> {
  const problems = await problemsOf(scheduled(schedule));
  return problems.map((problem) => {
    expect(problem).toMatch(new RegExp(`^2:\\d+ schedule\\.${field} .* \\(wrong_value\\) → `));
    return problem.replace(/^\S+ \S+ /, '').replace(' (wrong_value)', '');
  });
}

describe('a wrong schedule', () => {
  test.each(crons)('cron: %s', async (text, ...problems) => {
    expect(await saidOf(`{ cron: ${JSON.stringify(text)} }`, 'cron')).toEqual(problems);
  });

  test.each(rates)('rate: %s', async (text, ...problems) => {
    expect(await saidOf(`{ rate: ${JSON.stringify(text)} }`, 'rate')).toEqual(problems);
  });

  test.each(times)('at: %s', async (text, ...problems) => {
    const schedule = `{ at: ${JSON.stringify(text)}, zone: America/New_York }`;
    expect(await saidOf(schedule, 'at')).toEqual(problems);
  });

  test.each(zones)('zone: %s', async (text, ...problems) => {
    const schedule = `{ rate: 5 minutes, zone: ${JSON.stringify(text)} }`;
    expect(await saidOf(schedule, 'zone')).toEqual(problems);
  });

  test.each(crons)('never gets a suggestion that is wrong too: %s', (_text, ...problems) => {
    const offered = problems.flatMap((problem) =>
      [...problem.matchAll(/"([^"]+)"/g)].map((match) => match[1]),
    );
    for (const cron of offered) {
      const parsed = readSchedule({ cron: cron ?? '', zone: 'UTC' });
      expect(parsed).toMatchObject({ schedule: { expression: cron }, notes: [] });
    }
  });
});

test('the place of a wrong schedule is that of its text, and is told with the mistakes elsewhere', async () => {
  const text =
    'pipeline: my pipe\nschedule:\n  zone: UTC\n  cron: 0 6 * * * *\n  missed: never\nconnections: {}\n';
  const problems = await problemsOf(`${text}steps: []\n`);
  expect(problems.map((problem) => problem.split(' ').slice(0, 2).join(' '))).toEqual([
    '1:11 pipeline',
    '5:11 schedule.missed',
    '7:8 steps',
  ]);
  const other = await problemsOf(`${text.replace('never', 'skip')}steps: []\n`);
  expect(other.map((problem) => problem.split(' ').slice(0, 2).join(' '))).toEqual([
    '1:11 pipeline',
    '4:9 schedule.cron',
    '7:8 steps',
  ]);
});

test('unix cron is a warning that says how AWS writes it', async () => {
  const text = scheduled('{ cron: "0 6 * * 1-5", zone: Asia/Tokyo }');
  const { schedule, warnings } = await parseDeclaration(text, 'p.yaml', { env: {}, cwd: '/' });
  expect(schedule).toEqual({ cron: '0 6 ? * MON-FRI *', zone: 'Asia/Tokyo', missed: 'run-once' });
  expect(warnings).toEqual([
    {
      file: 'p.yaml',
      line: 2,
      column: 19,
      path: 'schedule.cron',
      code: 'cron_unix',
      message: '"0 6 * * 1-5" is read as unix cron has it',
      hint: 'AWS writes it "0 6 ? * MON-FRI *"',
    },
  ]);
});

test("AWS's spelling of the value is taken", async () => {
  const declared = async (schedule: string) =>
    (await parseDeclaration(scheduled(schedule), 'p.yaml', { env: {}, cwd: '/' })).schedule;
  expect(await declared('{ cron: cron(0 6 * * ? *), missed: skip }')).toEqual({
    cron: '0 6 * * ? *',
    zone: 'UTC',
    missed: 'skip',
  });
  expect(await declared('{ rate: rate(1 hour) }')).toMatchObject({ rate: '1 hour' });
  expect(await declared('{ at: "at(2026-12-31T06:00:00)" }')).toMatchObject({ at: '2026-12-31T06:00:00' });
});
