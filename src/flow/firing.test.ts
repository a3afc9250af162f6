import { describe, expect, test } from 'vitest';
import type { SluiceError } from '../errors.js';
import { firingNow, firingsAsked, firingValues } from './firing.js';

const berlin = { schedule: { cron: '30 2 * * ? *', zone: 'Europe/Berlin', missed: 'run-once' } } as const;
const hourly = { schedule: { cron: '0 * * * ? *', zone: 'Europe/Berlin', missed: 'run-once' } } as const;
const utc = (text: string) => `${text}:00.000Z`;

describe('a run of a scheduled pipeline', () => {
  test.each([
    ['2026-11-02T12:00:00Z', '2026-11-01T01:30', '2026-11-02T01:30'],
    ['2026-11-02T01:30:00Z', '2026-11-01T01:30', '2026-11-02T01:30'],
    ['2026-11-02T01:29:59Z', '2026-10-31T01:30', '2026-11-01T01:30'],
  ])('at %s acts for the latest firing, from the one before', (now, start, end) => {
    expect(firingNow(berlin, new Date(now))).toEqual({
      time: utc(end),
      start: utc(start),
      end: utc(end),
      zone: 'Europe/Berlin',
    });
  });

  test('before its first firing acts for the present moment, and covers no interval', () => {
    const schedule = { at: '2030-01-01T00:00:00', zone: 'UTC', missed: 'run-once' } as const;
    expect(firingNow({ schedule }, new Date('2026-11-01T00:00:00Z'))).toEqual({
      time: '2026-11-01T00:00:00.000Z',
      zone: 'UTC',
    });
  });

  test.each([
    ['2026-10-25T02:30', '2026-10-25T00:30'],
    ['2026-10-25T00:30Z', '2026-10-25T00:30'],
    ['2026-10-25T02:30+02:00', '2026-10-25T00:30'],
    ['2026-11-01 02:30:00', '2026-11-01T01:30'],
  ])('for --at %s acts for that firing', (at, time) => {
    expect(firingsAsked(berlin, { at })).toMatchObject([{ time: utc(time), end: utc(time) }]);
  });

  test('for a time that the clock shows twice acts for the first, at which alone the schedule fires', () => {
    expect(firingsAsked(hourly, { at: '2026-10-25T02:00' })).toMatchObject([
      { time: utc('2026-10-25T00:00'), start: utc('2026-10-24T23:00') },
    ]);
    expect(() => firingsAsked(hourly, { at: '2026-10-25T02:00+01:00' })).toThrow('does not fire at');
  });

  test.each([
    [
      '2026-10-25T03:30',
      'the nearest are 2026-10-25T02:30:00 (2026-10-25T00:30:00Z) and 2026-10-26T02:30:00 (2026-10-26T01:30:00Z)',
    ],
    [
      '2026-10-25T01:30Z',
      'the nearest are 2026-10-25T02:30:00 (2026-10-25T00:30:00Z) and 2026-10-26T02:30:00 (2026-10-26T01:30:00Z)',
    ],
  ])('refuses --at %s and names the nearest firings', (at, hint) => {
    expect(refusal({ at })).toMatchObject({ message: `the schedule does not fire at ${at}`, hint });
  });

  test.each([
    [{ at: '2026-03-29T02:30' }, 'does not exist in Europe/Berlin'],
    [{ at: '2026-02-30T02:30' }, 'is not a time'],
    [{ at: 'yesterday' }, 'is not a time'],
    [{ at: '2026-11-01', from: '2026-11-01' }, 'exclude each other'],
    [{ from: '2026-11-01' }, 'go together'],
    [{ from: '2026-11-02', to: '2026-11-01' }, 'not before'],
    [{ from: '2026-11-01T12:00', to: '2026-11-01T13:00' }, 'does not fire'],
  ])('refuses %j', (request, message) => {
    expect(refusal(request)).toMatchObject({ code: 'usage', message: expect.stringContaining(message) });
  });

  function refusal(request: Parameters<typeof firingsAsked>[1]): SluiceError {
    try {
      firingsAsked(berlin, request);
    } catch (error) {
      return error as SluiceError;
    }
    throw new Error('nothing was refused');
  }
});

describe('a backfill', () => {
  test.each([
    ['2026-10-24T02:30', '2026-10-26T02:30', ['2026-10-25T00:30', '2026-10-26T01:30']],
    ['2026-03-27T02:30', '2026-03-31T00:00', ['2026-03-28T01:30', '2026-03-30T00:30']],
  ])(
    'from %s to %s takes each firing after the first and up to the last, over changes of the clock',
    (from, to, times) => {
      const firings = firingsAsked(berlin, { from, to });
      expect(firings.map(({ time }) => time)).toEqual(times.map(utc));
      for (const [index, firing] of firings.entries()) {
        expect(firing.start).toBe(firings[index - 1]?.end ?? firing.start);
        expect(firing.range).toEqual([expect.any(String), expect.any(String)]);
      }
    },
  );

  test('without a schedule is one run of the whole interval', () => {
    const now = new Date('2026-11-20T10:00:00Z');
    expect(firingsAsked({}, { from: '2026-11-01', to: '2026-11-08T06:00Z' }, now)).toEqual([
      {
        time: now.toISOString(),
        start: utc('2026-11-01T00:00'),
        end: utc('2026-11-08T06:00'),
        zone: 'UTC',
        range: [utc('2026-11-01T00:00'), utc('2026-11-08T06:00')],
      },
    ]);
  });
});

test('local values are what a clock in the zone shows', () => {
  const [firing] = firingsAsked(berlin, { at: '2026-10-26T02:30' });
  expect(firing && firingValues(firing)).toEqual({
    time: '2026-10-26T01:30:00.000Z',
    start: '2026-10-25T00:30:00.000Z',
    end: '2026-10-26T01:30:00.000Z',
    localTime: '2026-10-26T02:30:00.000',
    localStart: '2026-10-25T02:30:00.000',
    localEnd: '2026-10-26T02:30:00.000',
  });
});
