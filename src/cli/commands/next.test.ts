import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { folderWith } from '../../../test/fixtures/declaration-files.js';
import { right } from '../../../test/fixtures/declarations.js';
import { FolderState } from '../../journal/files/folder-state.js';
import type { Io } from '../io.js';
import { registerNext } from './next.js';

async function* nothing(): AsyncGenerator<Uint8Array> {
  yield* [];
}

/** `sluice next` of a pipeline with this schedule, on a machine whose clock is UTC's. */
async function next(schedule: string, ...args: string[]) {
  const text = `pipeline: p\n${schedule}\nconnections: { stage: { kind: dynamodb }, shop: { kind: mysql, secret: s } }\n${right}`;
  const folder = await folderWith({ 'p.yaml': text });
  let out = '';
  const io: Io = {
    out: (line) => {
      out += `${line}\n`;
    },
    err: () => undefined,
    color: false,
    terminal: false,
    input: nothing,
    env: {},
    cwd: folder,
  };
  let status: number | undefined;
  const program = new Command().exitOverride();
  registerNext(program, io, (code) => {
    status = code;
  });
  const before = process.env['TZ'];
  process.env['TZ'] = 'UTC';
  try {
    await program.parseAsync(['next', 'p.yaml', ...args], { from: 'user' });
  } finally {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  }
  return { out, status, folder };
}

const nightly = 'schedule: { cron: "30 1,2 * * ? *", zone: America/New_York }';

describe('sluice next', () => {
  test('shows the firings in the zone, here and in UTC, and what the clock jumps over', async () => {
    const { out, status } = await next(nightly, '-n', '2', '--from', '2027-03-13T12:00');
    expect(status).toBe(0);
    expect(out).toBe(`p: cron 30 1,2 * * ? *, America/New_York
America/New_York             here: UTC                    UTC
Sun 2027-03-14 01:30 -05:00  Sun 2027-03-14 06:30 +00:00  2027-03-14T06:30:00Z
Sun 2027-03-14 02:30                                                            skipped: the clock jumps over it
Mon 2027-03-15 01:30 -04:00  Mon 2027-03-15 05:30 +00:00  2027-03-15T05:30:00Z
`);
  });

  test('marks a time that the clock shows twice', async () => {
    const { out } = await next(nightly, '-n', '1', '--from', '2026-11-01');
    expect(out.split('\n')[2]).toBe(
      'Sun 2026-11-01 01:30 -04:00  Sun 2026-11-01 05:30 +00:00  2026-11-01T05:30:00Z  once: the clock shows it again at 2026-11-01T06:30:00Z',
    );
  });

  test('says the same to programs', async () => {
    const events = async (from: string) =>
      (await next(nightly, '-n', '1', '--json', '--from', from)).out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    expect(await events('2026-11-01T04:00Z')).toEqual([
      {
        event: 'firing',
        pipeline: 'p',
        time: '2026-11-01T05:30:00Z',
        zoned: '2026-11-01T01:30:00-04:00',
        local: '2026-11-01T05:30:00+00:00',
        notAgain: '2026-11-01T06:30:00Z',
      },
      {
        event: 'summary',
        pipeline: 'p',
        schedule: { cron: '30 1,2 * * ? *', zone: 'America/New_York' },
        firings: 1,
      },
    ]);
    expect((await events('2027-03-14T02:00:00-05:00'))[0]).toEqual({
      event: 'skipped',
      pipeline: 'p',
      from: '2027-03-14T02:30:00',
      to: '2027-03-14T02:30:00',
      count: 1,
      zone: 'America/New_York',
    });
  });

  test('draws many skipped times together', async () => {
    const { out } = await next(nightly.replace('30 1,2', '* 2'), '-n', '1', '--from', '2027-03-14');
    expect(out.split('\n')[2]).toMatch(
      /^Sun 2027-03-14 02:00 +60 times up to 2027-03-14 02:59 skipped: the clock jumps over it$/,
    );
  });

  test('says when there is nothing more', async () => {
    const once = 'schedule: { at: "2026-12-31T06:00:00", zone: Asia/Tokyo }';
    expect((await next(once, '--from', '2026-12-31')).out.split('\n').slice(2)).toEqual([
      'Thu 2026-12-31 06:00 +09:00  Wed 2026-12-30 21:00 +00:00  2026-12-30T21:00:00Z',
      'no more firings',
      '',
    ]);
    expect((await next(once, '--from', '2027-01-01')).out).toBe(
      'p: at 2026-12-31T06:00:00, Asia/Tokyo\nnever fires any more\n',
    );
  });

  test('counts a rate from --from, or from where it was first served', async () => {
    const rate = 'schedule: { rate: 15 minutes }';
    const { out, folder } = await next(rate, '-n', '2', '--from', '2026-11-21T10:07Z', '--json');
    expect(out.match(/T\d\d:\d\d:\d\dZ/g)).toEqual(['T10:07:00Z', 'T10:22:00Z']);
    const start = '2026-11-21T10:03:00.000Z';
    const { served } = new FolderState(`${folder}/kept`, 'p');
    await served.write({ schedule: 'rate 15 minutes UTC', start, handled: start });
    const later = await next(
      rate,
      '-n',
      '2',
      '--from',
      '2026-11-21T10:07Z',
      '--json',
      '--state',
      `${folder}/kept`,
    );
    expect(later.out.match(/T\d\d:\d\d:\d\dZ/g)).toEqual(['T10:18:00Z', 'T10:33:00Z']);
  });

  test.each([
    [nightly, ['-n', '0'], '-n takes a whole number from 1 to 10000'],
    [nightly, ['--from', 'yesterday'], 'yesterday is not a time'],
    [nightly, ['--from', '2027-02-30'], '2027-02-30 is not a time'],
    ['', [], 'pipeline p has no schedule'],
  ])('refuses what it cannot show: %s %j', async (schedule, args, message) => {
    await expect(next(schedule, ...args)).rejects.toMatchObject({ code: 'usage', message });
  });
});
