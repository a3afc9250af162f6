import { describe, expect, test } from 'vitest';
import { readSchedule, scheduleOf } from './parse.js';

describe('a schedule is read', () => {
  test.each([
    [
      { cron: 'cron(0 6 * * ? *)', zone: 'Asia/Tokyo' },
      { cron: '0 6 * * ? *', zone: 'Asia/Tokyo' },
    ],
    [
      { rate: 'rate(15 minutes)', zone: 'UTC' },
      { rate: '15 minutes', zone: 'UTC' },
    ],
    [
      { at: 'at(2026-12-31T06:00:00)', zone: 'UTC' },
      { at: '2026-12-31T06:00:00', zone: 'UTC' },
    ],
  ])('with and without the word that AWS puts around it: %j', (spelled, plain) => {
    expect(scheduleOf(spelled)).toEqual(scheduleOf(plain));
  });

  test.each([
    ['0 6 * * ?', '0 6 * * ? *'],
    [' 0  6 ? *  mon-fri * ', '0 6 ? * MON-FRI *'],
    ['0 6 ? * FRIL *', '0 6 ? * 6L *'],
    ['0 6 ? * tue#2 *', '0 6 ? * 3#2 *'],
    ['0 6 15w * ? *', '0 6 15W * ? *'],
  ])('and %s is spelled as AWS documents it: %s', (cron, expression) => {
    expect(scheduleOf({ cron, zone: 'UTC' })).toMatchObject({ expression });
  });

  test('and is frozen', () => {
    expect(Object.isFrozen(scheduleOf({ rate: '1 hour', zone: 'UTC' }))).toBe(true);
  });

  test.each([
    ['0 6 * * *', '0 6 * * ? *'],
    ['30 4 1,15 * *', '30 4 1,15 * ? *'],
    ['0 22 * * 1-5', '0 22 ? * MON-FRI *'],
    ['5 0 * 8 *', '5 0 * 8 ? *'],
    ['0 6 * * 0', '0 6 ? * SUN *'],
    ['0 6 * * 7', '0 6 ? * SUN *'],
    ['0 6 * * 0-6', '0 6 * * ? *'],
    ['0 6 * * 5-7', '0 6 ? * SUN,FRI,SAT *'],
    ['0 6 * * 1-5/2', '0 6 ? * MON,WED,FRI *'],
    ['0 6 * * */3', '0 6 ? * SUN,WED,SAT *'],
    ['0 6 * * sun', '0 6 ? * SUN *'],
    ['0 6 */2 * *', '0 6 1/2 * ? *'],
    ['0 6 * */3 *', '0 6 * 1/3 ? *'],
    ['*/5 * * * *', '*/5 * * * ? *'],
    ['@monthly', '0 0 1 * ? *'],
  ])('of five fields as unix has it, with a note: %s is %s', (cron, expression) => {
    expect(readSchedule({ cron, zone: 'UTC' })).toMatchObject({
      schedule: { expression },
      notes: [
        {
          field: 'cron',
          message: `"${cron}" is read as unix cron has it`,
          hint: `AWS writes it "${expression}"`,
        },
      ],
    });
  });
});
