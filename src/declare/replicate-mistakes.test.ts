import { describe, expect, test } from 'vitest';
import { head, problemsOf } from '../../test/fixtures/declarations.js';
import { parseDeclaration } from './load.js';

/** A replicate between these ends, in lines 7 and 8, with a field besides in line 9. */
function replicate(from: string, to: string, more = ''): string {
  return `${head}  - replicate: a\n    from: ${from}\n    to: ${to}\n${more === '' ? '' : `    ${more}\n`}`;
}

const from = '{ connection: stage, table: ttt }';
const to = '{ connection: shop, mode: mirror }';
const append = '{ connection: shop, mode: append }';

const mistakes: readonly [name: string, text: string, problems: readonly string[]][] = [
  [
    'changes of MySQL',
    replicate('{ connection: shop, table: t }', '{ connection: stage, table: ttt, mode: mirror }'),
    [
      '7:13 steps[0].from.connection following the changes of MySQL is not in this version (unsupported) → take it away, or wait for a later version',
    ],
  ],
  [
    'a part of a table',
    replicate('{ connection: stage, table: ttt, filter: x, tables: ["a*"] }', to),
    [
      '7:44 steps[0].from.filter `filter` does not go with changes: a stream has all of them (conflict) → name one table; `events` chooses which changes are taken',
      '7:55 steps[0].from.tables `tables` does not go with changes: a stream has all of them (conflict) → name one table; `events` chooses which changes are taken',
    ],
  ],
  [
    'no mode',
    replicate(from, '{ connection: shop }'),
    [
      '8:9 steps[0].to `mode` is missing (missing_field) → append: a row for each change; mirror: the table as its source is now',
    ],
  ],
  [
    'a mode of copies',
    replicate(from, '{ connection: shop, mode: upsert }'),
    [
      '8:35 steps[0].to.mode this mode is not one for changes (wrong_value) → append: a row for each change; mirror: the table as its source is now',
    ],
  ],
  [
    'events and loads that there are not',
    replicate(
      '{ connection: stage, table: ttt, changes: newest, events: [delete] }',
      '{ connection: shop, mode: append, load: { rows: 0, minutes: 5 } }',
    ),
    [
      '7:53 steps[0].from.changes unknown changes "newest" (wrong_value) → one of: oldest, latest',
      '7:70 steps[0].from.events[0] unknown value "delete" (wrong_value) → one of: insert, modify, remove',
      '8:57 steps[0].to.load.rows must be at least 1 (wrong_value)',
      '8:60 steps[0].to.load.minutes unknown field "minutes" (unknown_field) → fields here: rows, bytes, seconds',
    ],
  ],
  [
    'a mirror that leaves changes out',
    replicate('{ connection: stage, table: ttt, events: [insert, remove] }', to),
    [
      '7:52 steps[0].from.events a mirror without modify holds what its source does not (conflict) → leave `events` out, or use mode append',
    ],
  ],
  [
    'a copy before an append',
    replicate(from, append, 'first: copy'),
    [
      '9:12 steps[0].first an item that changes while it is copied would be there twice (conflict) → use mode mirror, or leave `first` out',
    ],
  ],
  [
    'a first copy and a place to begin at',
    replicate('{ connection: stage, table: ttt, changes: oldest }', to, 'first: copy'),
    [
      '7:53 steps[0].from.changes the changes begin where the first copy does (conflict) → leave `changes` out',
    ],
  ],
  [
    'duplicates; but a limit of what a repair deletes is none',
    replicate(from, '{ connection: shop, mode: mirror, deletes: { limit: 1 }, duplicates: last }'),
    [
      '8:78 steps[0].to.duplicates of two changes of one item the later one always wins (conflict) → leave `duplicates` out',
    ],
  ],
  [
    'a delivery stream that is none',
    replicate(from, append, 'via: { connection: stage }'),
    [
      '9:24 steps[0].via.connection "stage" is a connection of kind dynamodb, which is no delivery stream (wrong_value) → a delivery stream lies between changes and their sink: { kind: firehose }',
    ],
  ],
  [
    'a delivery stream whose name is written wrong, and one before a mirror',
    replicate(from, to, 'via: { connection: delivry }'),
    [
      '8:35 steps[0].to.mode `mode: mirror` needs changes in their order, which a delivery stream does not keep (conflict) → leave `via` out, or use append',
      '9:24 steps[0].via.connection no connection is named "delivry" (unknown_connection) → the connections are: shop, stage',
    ],
  ],
  [
    'a schedule',
    `schedule: { rate: "1 hour" }\n${replicate(from, append)}`,
    [
      '1:11 schedule a follows changes without an end: there is nothing to begin again by a schedule (conflict) → leave `schedule` out; to catch up now and then, let cron run `sluice run --drain`',
    ],
  ],
  [
    'a replicate that follows a failure',
    `${head}  - wait: w\n    for: 1\n    onFailure: { replicate: a, from: ${from}, to: ${append} }\n`,
    [
      '6:3 steps a (steps[0].onFailure) has no end: it cannot be what follows a failure (conflict) → give it a place of its own, or a pipeline',
    ],
  ],
  [
    'a failure that is passed over',
    replicate(from, append, 'onFailure: { steps: { wait: w, for: 1 }, then: continue }'),
    [
      '9:16 steps[0].onFailure a load that failed may be in the sink: only the same run can go on behind it (conflict) → say `then: stop`',
    ],
  ],
  [
    'a failure around it that is passed over',
    `${head}  - parallel:\n      - replicate: a\n        from: ${from}\n        to: ${append}\n      - { wait: x, for: 1 }\n    onFailure: { steps: { wait: w, for: 1 }, then: continue }\n`,
    [
      '6:3 steps a cannot be passed over with the branches of steps[0]: a load that failed may be in the sink, and only the same run can go on behind it (conflict) → say `then: stop`: the next run goes on where each branch stopped',
    ],
  ],
  [
    'fields of a replicate in a copy',
    `${head}  - copy: a\n    from: { connection: stage, table: ttt, changes: oldest }\n    to: { connection: shop, load: { rows: 1 } }\n`,
    [
      '7:44 steps[0].from.changes `changes` goes with a step `replicate` only (conflict) → a copy moves what is there, once; a replicate follows what changes',
      '8:29 steps[0].to.load `load` goes with a step `replicate` only (conflict) → a copy moves what is there, once; a replicate follows what changes',
    ],
  ],
];

/** Into files, in line 9. */
const intoFiles = (more: string) => `pipeline: p
connections:
  shop: { kind: mysql, host: 127.0.0.1, user: app, password: { env: PW }, database: shop }
  stage: { kind: dynamodb, region: eu-west-1 }
  out: { kind: files, path: ./out }
steps:
  - replicate: a
    from: ${from}
    to: { connection: out, format: csv, ${more} }
`;

describe('a replicate into files is refused with', () => {
  test.each([
    [
      'a mirror',
      'mode: mirror',
      [
        '9:47 steps[0].to.mode "mirror" is not a mode of files (wrong_value) → they cannot be changed in place; a copy writes a whole new export (replace), a replicate adds its changes as files (append)',
      ],
    ],
    [
      'whole exports',
      'mode: replace',
      [
        '9:47 steps[0].to.mode this mode is not one for changes (wrong_value) → append: a row for each change; mirror: the table as its source is now',
      ],
    ],
    [
      'what is about exports',
      'mode: append, keep: 2, file: { rows: 5 }, for: people',
      [
        '9:61 steps[0].to.keep `keep` goes with `mode: replace` only (conflict) → leave `keep` out',
        '9:70 steps[0].to.file `file` goes with `mode: replace` only (conflict) → each load becomes a file: say `load: { rows, bytes, seconds }`',
        '9:88 steps[0].to.for `for` goes with `mode: replace` only (conflict) → leave `for` out',
      ],
    ],
  ])('%s', async (_, more, problems) => {
    expect(await problemsOf(intoFiles(more))).toEqual(problems);
  });
});

describe('a replicate is refused with', () => {
  test.each(mistakes)('%s', async (_, text, problems) => {
    expect(await problemsOf(text)).toEqual(problems);
  });
});

describe('a replicate has defaults', () => {
  const stepOf = async (text: string) =>
    (await parseDeclaration(text, 'p.yaml', { env: { PW: 'x' }, cwd: '/' })).steps[0];
  const load = { rows: 10_000, bytes: 16_777_216, seconds: 1 };

  test('of a mirror: all events, from the oldest on', async () => {
    expect(await stepOf(replicate(from, to))).toMatchObject({
      kind: 'replicate',
      from: { connection: 'stage', table: 'ttt' },
      to: { connection: 'shop', table: 'ttt', mode: 'mirror' },
      changes: 'oldest',
      events: ['insert', 'modify', 'remove'],
      load,
    });
  });

  test('of an append: no removes; what is declared stays', async () => {
    const loaded = '{ connection: shop, mode: append, load: { rows: 5, seconds: "1m" } }';
    expect(
      await stepOf(replicate('{ connection: stage, table: ttt, changes: latest }', loaded)),
    ).toMatchObject({
      changes: 'latest',
      events: ['insert', 'modify'],
      load: { ...load, rows: 5, seconds: 60 },
    });
  });

  test('of files: larger loads', async () => {
    const large = { rows: 50_000, bytes: 33_554_432, seconds: 60 };
    expect(await stepOf(intoFiles('mode: append'))).toMatchObject({ load: large });
    expect(await stepOf(intoFiles('mode: append, load: { rows: 7 }'))).toMatchObject({
      load: { ...large, rows: 7 },
    });
  });
});
