import { describe, expect, test } from 'vitest';
import { scheduleIn, utcMinutes } from '../../test/fixtures/schedules.js';
import { firingBefore, firingsAfter, momentsAfter } from './firings.js';
import { localText } from './zone.js';

/**
 * Days on which clocks change, worked out by hand from two sources:
 * - "When time shifts forward in the Spring, if a cron expression falls on a non-existent date and time, your schedule
 *   invocation is skipped. When time shifts backwards in the Fall, your schedule runs only once and does not repeat its
 *   invocation": before the shift, says the example there.
 *   https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#daylist-savings-time
 * - the offsets of the time zone database (northamerica, europe, australasia, southamerica, africa, asia, antarctica),
 *   which stand beside each group.
 */
const table: readonly [expression: string, zone: string, after: string, expected: string][] = [
  // -8, from 14 March 2027 02:00 (10:00Z) -7, from 7 November 02:00 (09:00Z) -8. AWS's own example.
  ['30 2 * * ? *', 'America/Los_Angeles', '2027-03-13T00:00', '2027-03-13T10:30 2027-03-15T09:30'],
  ['30 1 * * ? *', 'America/Los_Angeles', '2027-11-07T00:00', '2027-11-07T08:30 2027-11-08T09:30'],
  ['30 2 * * ? *', 'America/Los_Angeles', '2027-11-07T00:00', '2027-11-07T10:30 2027-11-08T10:30'],
  ['0 8 ? * 2#1 *', 'America/Los_Angeles', '2026-11-01T00:00', '2026-11-02T16:00 2026-12-07T16:00'],
  ['0 8 ? * 2#1 *', 'America/Los_Angeles', '2027-03-15T00:00', '2027-04-05T15:00'],
  // -5, from 8 March 2026 02:00 (07:00Z) -4, from 1 November 02:00 (06:00Z) -5
  ['30 8 * * ? *', 'America/New_York', '2026-10-31T00:00', '2026-10-31T12:30 2026-11-01T13:30'],
  ['0 2 * * ? *', 'America/New_York', '2026-03-07T00:00', '2026-03-07T07:00 2026-03-09T06:00'],
  ['59 1 * * ? *', 'America/New_York', '2026-03-08T00:00', '2026-03-08T06:59 2026-03-09T05:59'],
  ['0 3 8 3 ? 2026', 'America/New_York', '2026-03-01T00:00', '2026-03-08T07:00'],
  [
    '*/15 * * * ? *',
    'America/New_York',
    '2026-03-08T06:30',
    '2026-03-08T06:45 2026-03-08T07:00 2026-03-08T07:15',
  ],
  ['*/30 2 * * ? *', 'America/New_York', '2026-03-08T00:00', '2026-03-09T06:00 2026-03-09T06:30'],
  [
    '0 * * * ? *',
    'America/New_York',
    '2026-11-01T03:30',
    '2026-11-01T04:00 2026-11-01T05:00 2026-11-01T07:00',
  ],
  [
    '0/30 1 * * ? *',
    'America/New_York',
    '2026-11-01T00:00',
    '2026-11-01T05:00 2026-11-01T05:30 2026-11-02T06:00',
  ],
  ['30 1 * * ? *', 'America/New_York', '2026-11-01T06:10', '2026-11-02T06:30'],
  ['0 17 LW * ? *', 'America/New_York', '2026-10-15T00:00', '2026-10-30T21:00 2026-11-30T22:00'],
  ['at(2026-11-01T01:30:00)', 'America/New_York', '2026-10-01T00:00', '2026-11-01T05:30'],
  ['rate(1 day)', 'America/New_York', '2026-10-31T12:00', '2026-11-01T00:00 2026-11-02T00:00'],
  ['0 2 * * ? *', 'America/Phoenix', '2027-03-13T10:00', '2027-03-14T09:00 2027-03-15T09:00'],
  // -3:30, in summer -2:30 until 1 November 2026 02:00 (04:30Z)
  ['30 1 * * ? *', 'America/St_Johns', '2026-11-01T00:00', '2026-11-01T04:00 2026-11-02T05:00'],
  // -5, from 14 March 2027 00:00 -4, from 7 November 01:00 -5
  ['0 0 * * ? *', 'America/Havana', '2027-03-13T00:00', '2027-03-13T05:00 2027-03-15T04:00'],
  ['30 0 * * ? *', 'America/Havana', '2027-11-07T00:00', '2027-11-07T04:30 2027-11-08T05:30'],
  // -2, from 27 March 2027 23:00 (01:00Z on the 28th) -1
  ['30 23 * * ? *', 'America/Nuuk', '2027-03-26T12:00', '2027-03-27T01:30 2027-03-29T00:30'],
  // +1, +2 until 25 October 2026 03:00 (01:00Z) and from 28 March 2027 02:00 (01:00Z)
  ['30 2 * * ? *', 'Europe/Berlin', '2026-10-24T12:00', '2026-10-25T00:30 2026-10-26T01:30'],
  ['30 2 * * ? *', 'Europe/Berlin', '2027-03-26T12:00', '2027-03-27T01:30 2027-03-29T00:30'],
  ['0 3 * * ? *', 'Europe/Berlin', '2027-03-27T12:00', '2027-03-28T01:00 2027-03-29T01:00'],
  ['0 0 ? * 1L *', 'Europe/Berlin', '2026-10-01T00:00', '2026-10-24T22:00 2026-11-28T23:00'],
  [
    '0/20 2 25 10 ? *',
    'Europe/Berlin',
    '2026-10-24T12:00',
    '2026-10-25T00:00 2026-10-25T00:20 2026-10-25T00:40 2027-10-25T00:00',
  ],
  // 0, +1 until 25 October 2026 02:00 (01:00Z) and from 28 March 2027 01:00Z. Ireland's law has it the other way round.
  ['30 1 * * ? *', 'Europe/London', '2026-10-24T12:00', '2026-10-25T00:30 2026-10-26T01:30'],
  ['30 1 * * ? *', 'Europe/London', '2027-03-26T12:00', '2027-03-27T01:30 2027-03-29T00:30'],
  ['30 1 * * ? *', 'Europe/Dublin', '2026-10-24T12:00', '2026-10-25T00:30 2026-10-26T01:30'],
  ['30 1 * * ? *', 'Europe/Dublin', '2027-03-26T12:00', '2027-03-27T01:30 2027-03-29T00:30'],
  // 0, from 28 March 2027 01:00Z +2, from 31 October 01:00Z 0: two hours are skipped and shown twice
  ['30 2 * * ? *', 'Antarctica/Troll', '2027-03-26T12:00', '2027-03-27T02:30 2027-03-29T00:30'],
  ['30 2 * * ? *', 'Antarctica/Troll', '2027-10-30T12:00', '2027-10-31T00:30 2027-11-01T02:30'],
  // no summer time: +9, +5:30, +5:45, +3:30, +14, -12
  ['0 6 * * ? *', 'Asia/Tokyo', '2026-11-20T21:00', '2026-11-21T21:00 2026-11-22T21:00'],
  ['0 0 L * ? *', 'Asia/Tokyo', '2026-11-21T00:00', '2026-11-29T15:00 2026-12-30T15:00'],
  ['0 0 29 2 ? *', 'Asia/Tokyo', '2026-11-21T00:00', '2028-02-28T15:00'],
  ['0 6 * * ? *', 'Asia/Kolkata', '2026-11-21T00:30', '2026-11-22T00:30'],
  ['0 6 * * ? *', 'Asia/Kathmandu', '2026-11-21T00:15', '2026-11-22T00:15'],
  ['0 0 * * ? *', 'Asia/Tehran', '2027-03-21T00:00', '2027-03-21T20:30 2027-03-22T20:30'],
  ['59 23 L 12 ? *', 'Pacific/Kiritimati', '2026-11-21T00:00', '2026-12-31T09:59'],
  ['0 0 1 1 ? *', 'Etc/GMT+12', '2026-11-21T00:00', '2027-01-01T12:00'],
  // the southern summer. +10:30, +11 until 4 April 2027 02:00 (15:00Z) and from 3 October 02:00 (15:30Z): half an hour
  ['45 1 * * ? *', 'Australia/Lord_Howe', '2027-04-03T00:00', '2027-04-03T14:45 2027-04-04T15:15'],
  [
    '0/10 1 * * ? *',
    'Australia/Lord_Howe',
    '2027-04-03T14:25',
    '2027-04-03T14:30 2027-04-03T14:40 2027-04-03T14:50 2027-04-04T14:30',
  ],
  ['15 2 * * ? *', 'Australia/Lord_Howe', '2027-10-01T00:00', '2027-10-01T15:45 2027-10-03T15:15'],
  ['30 2 * * ? *', 'Australia/Lord_Howe', '2027-10-02T00:00', '2027-10-02T15:30 2027-10-03T15:30'],
  // +10, +11 until 4 April 2027 03:00 (16:00Z) and from 3 October 02:00 (16:00Z)
  ['30 2 * * ? *', 'Australia/Sydney', '2027-04-03T00:00', '2027-04-03T15:30 2027-04-04T16:30'],
  ['30 2 * * ? *', 'Australia/Sydney', '2027-10-01T00:00', '2027-10-01T16:30 2027-10-03T15:30'],
  ['30 2 * * ? *', 'Australia/Brisbane', '2027-10-01T16:30', '2027-10-02T16:30'],
  ['0 6 * * ? *', 'Australia/Adelaide', '2027-10-01T00:00', '2027-10-01T20:30 2027-10-02T19:30'],
  // +12, +13 until 4 April 2027 03:00 (14:00Z); Chatham 45 minutes ahead, and from 26 September 02:45 (14:00Z)
  ['30 2 * * ? *', 'Pacific/Auckland', '2027-04-03T00:00', '2027-04-03T13:30 2027-04-04T14:30'],
  ['0 3 * * ? *', 'Pacific/Chatham', '2027-04-03T00:00', '2027-04-03T13:15 2027-04-04T14:15'],
  ['0 3 * * ? *', 'Pacific/Chatham', '2027-09-24T00:00', '2027-09-24T14:15 2027-09-26T13:15'],
  // midnights that do not exist. -3, -2 until 18 February 2018 00:00 and from 4 November 00:00; since 2019 always -3
  ['0 0 * * ? *', 'America/Sao_Paulo', '2018-11-03T00:00', '2018-11-03T03:00 2018-11-05T02:00'],
  ['30 23 * * ? *', 'America/Sao_Paulo', '2018-02-17T12:00', '2018-02-18T01:30 2018-02-19T02:30'],
  ['0 0 * * ? *', 'America/Sao_Paulo', '2026-11-03T03:00', '2026-11-04T03:00'],
  // +2, from 30 April 2027 00:00 +3, until 28 October 24:00
  ['0 0 * * ? *', 'Africa/Cairo', '2027-04-28T12:00', '2027-04-28T22:00 2027-04-30T21:00'],
  ['30 23 * * ? *', 'Africa/Cairo', '2027-10-28T12:00', '2027-10-28T20:30 2027-10-29T21:30'],
  // +2, from 28 March 2027 00:00 +3, until 31 October 00:00
  ['0 0 * * ? *', 'Asia/Beirut', '2027-03-26T12:00', '2027-03-26T22:00 2027-03-28T21:00'],
  ['15 23 * * ? *', 'Asia/Beirut', '2027-10-30T12:00', '2027-10-30T20:15 2027-10-31T21:15'],
  // -4, -3 until 4 April 2027 00:00 (03:00Z) and from 5 September 00:00 (04:00Z)
  ['0 0 * * ? *', 'America/Santiago', '2027-09-04T00:00', '2027-09-04T04:00 2027-09-06T03:00'],
  ['30 23 * * ? *', 'America/Santiago', '2027-04-03T12:00', '2027-04-04T02:30 2027-04-05T03:30'],
  // +1, and 0 in Ramadan: from 7 February 2027 03:00 to 14 March 02:00
  ['30 2 * * ? *', 'Africa/Casablanca', '2027-02-06T12:00', '2027-02-07T01:30 2027-02-08T02:30'],
  ['30 2 * * ? *', 'Africa/Casablanca', '2027-03-12T12:00', '2027-03-13T02:30 2027-03-15T01:30'],
  // Samoa left out 30 December 2011: -10 became +14
  ['0 12 * * ? *', 'Pacific/Apia', '2011-12-29T00:00', '2011-12-29T22:00 2011-12-30T22:00'],
  ['0 12 30 12 ? *', 'Pacific/Apia', '2010-12-31T00:00', '2012-12-29T22:00'],
];

describe('clocks that change', () => {
  test.each(table)('%s in %s after %s', (expression, zone, after, expected) => {
    const found = firingsAfter(
      scheduleIn(expression, zone),
      Date.parse(`${after}Z`),
      expected.split(' ').length,
    );
    expect(utcMinutes(...found)).toBe(expected);
  });

  test.each(table.filter(([, , , expected]) => expected.includes(' ')))(
    '%s in %s backwards',
    (expression, zone, _after, expected) => {
      const schedule = scheduleIn(expression, zone);
      const times = expected.split(' ');
      expect(utcMinutes(firingBefore(schedule, Date.parse(`${times.at(-1)}Z`)))).toBe(times.at(-2));
    },
  );

  test('leave the first of two times behind while the second goes on', () => {
    const schedule = scheduleIn('30 1 * * ? *', 'America/New_York');
    expect(utcMinutes(firingBefore(schedule, Date.parse('2026-11-01T06:10Z')))).toBe('2026-11-01T05:30');
    expect(utcMinutes(firingBefore(schedule, Date.parse('2026-11-01T05:30Z')))).toBe('2026-10-31T05:30');
  });

  test('are told: what is skipped, and what is shown twice', () => {
    const told = (expression: string, after: string) => {
      const moments = momentsAfter(scheduleIn(expression, 'America/New_York'), Date.parse(`${after}Z`));
      const { local, instant, repeated } = moments.next().value ?? { local: 0 };
      return [localText(local), utcMinutes(instant), utcMinutes(repeated)];
    };
    expect(told('30 2 * * ? *', '2026-03-07T00:00')).toEqual(['2026-03-07T02:30:00', '2026-03-07T07:30', '']);
    expect(told('30 2 * * ? *', '2026-03-08T08:00')).toEqual(['2026-03-09T02:30:00', '2026-03-09T06:30', '']);
    expect(told('30 2 8 * ? *', '2026-03-01T00:00')).toEqual(['2026-03-08T02:30:00', '', '']);
    expect(told('30 1 * * ? *', '2026-11-01T04:00')).toEqual([
      '2026-11-01T01:30:00',
      '2026-11-01T05:30',
      '2026-11-01T06:30',
    ]);
  });

  test('a schedule whose only time the clock jumps over never fires', () => {
    expect(firingsAfter(scheduleIn('30 2 8 3 ? 2026', 'America/New_York'), 0, 1)).toEqual([]);
  });
});
