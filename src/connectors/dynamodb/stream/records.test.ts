import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { itemsOf } from '../../../../test/fixtures/dynamodb-ends.js';
import { randomItem, shuffled } from '../../../../test/fixtures/random-items.js';
import { attributeColumn, OpenColumns } from '../open-columns.js';
import { recordBatches } from './record-batches.js';
import { recordPage } from './records.js';

const item = {
  id: { S: 'a' },
  '__proto__x"\\': { N: '-12345678901234567890123456789012345678E-30' },
  text: { S: '"NewImage":{"id":{"S":"no"}}, é 😀 \u2028 \\' },
  list: { L: [{ M: { '}': { S: ']' } } }, { NULL: true }, { BOOL: false }, { BS: ['AA==', 'AQ=='] }] },
  none: { SS: [] },
};
const answer = {
  Records: [
    {
      eventID: '1',
      eventName: 'INSERT',
      dynamodb: {
        Keys: { id: { S: 'a' } },
        OldImage: { other: { S: '}]"' } },
        NewImage: item,
        SequenceNumber: '000100000000000000000001',
        ApproximateCreationDateTime: 1_795_242_851,
        SizeBytes: 5,
      },
    },
    {
      userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
      dynamodb: {
        ApproximateCreationDateTime: 1.7952428515e9,
        SequenceNumber: '000100000000000000000002',
        OldImage: item,
        Keys: { id: { S: 'a' } },
      },
      eventName: 'REMOVE',
    },
  ],
  More: [null, { a: [1, -2.5e3, true] }],
  NextShardIterator: 'arn:aws|1|AAAA/+==',
};

function itemsIn(text: string): unknown[] {
  const page = recordPage(Buffer.from(text), 0);
  const first = [attributeColumn('id', false, 'S')];
  const shared = { current: new OpenColumns(first), first };
  const size = { maxRows: 1000, maxBytes: 1_000_000 };
  const batches = recordBatches('shard', page.records, page.bytes, shared, size, () => ({ at: 0 }));
  return itemsOf([...batches].map(({ batch }) => batch));
}

describe('a page of records', () => {
  it.each([
    ['as DynamoDB writes it', JSON.stringify(answer)],
    ['with spaces between its tokens', JSON.stringify(answer, undefined, 2)],
    ['with escapes in its names', JSON.stringify(answer).replaceAll('"eventName"', '"\\u0065ventName"')],
    ['with escaped letters in its values', JSON.stringify(answer).replaceAll('é', '\\u00e9')],
  ])('gives its items exactly: %s', (_name, text) => {
    expect(itemsIn(text)).toEqual([item, { id: { S: 'a' } }]);
    const { records, next, bytes } = recordPage(Buffer.from(text), Date.parse('2026-11-21T07:00:00.123Z'));
    expect({ next, bytes }).toEqual({ next: answer.NextShardIterator, bytes: Buffer.byteLength(text) });
    const changes = [...records.changes(0, records.length)];
    expect(changes.map((change, index) => ({ ...change, atMs: records.atMs(index) }))).toEqual([
      {
        event: 'insert',
        sequence: '000100000000000000000001',
        changedAt: '2026-11-21T06:34:11Z',
        receivedAt: '2026-11-21T07:00:00.123Z',
        atMs: 1_795_242_851_000,
      },
      {
        event: 'remove',
        sequence: '000100000000000000000002',
        changedAt: '2026-11-21T06:34:11.500Z',
        receivedAt: '2026-11-21T07:00:00.123Z',
        expired: true,
        atMs: 1_795_242_851_500,
      },
    ]);
  });

  it('is the last of a closed shard where it names no next one', () => {
    const none = recordPage(Buffer.from('{"Records":[]}'), 0);
    expect([none.records.length, none.bytes, none.next]).toEqual([0, 14, undefined]);
    expect(recordPage(Buffer.from('{"Records":[],"NextShardIterator":null}'), 0).next).toBeUndefined();
  });

  it('that is torn is refused without quoting it', () => {
    const whole = JSON.stringify(answer);
    const lacks = (from: string, to: string) => whole.replace(from, to);
    const torn = [
      whole.slice(0, -1),
      `${whole}x`,
      whole.slice(0, 300),
      '[]',
      '',
      lacks('"NewImage"', '"Image"'),
      lacks('"Keys"', '"Key"'),
      lacks('"eventName":"INSERT"', '"eventName":"ELSE"'),
      lacks('"000100000000000000000001"', '"x"'),
      lacks('1795242851', '"soon"'),
    ];
    for (const text of torn) {
      const error = expect.objectContaining({ code: 'response_invalid', retry: 'later' });
      expect(() => itemsIn(text)).toThrow(error);
      expect(() => itemsIn(text)).not.toThrow('😀');
    }
  });
});

const identity = fc.constantFrom(
  { Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' },
  { Type: 'User', PrincipalId: 'someone' },
);

const record = fc
  .record({
    event: fc.constantFrom('INSERT', 'MODIFY', 'REMOVE'),
    key: randomItem,
    image: randomItem,
    old: randomItem,
    seconds: fc.oneof(fc.integer({ min: 0, max: 4e9 }), fc.double({ min: 0, max: 4e9, noNaN: true })),
    digits: fc.integer({ min: 1, max: 25 }),
    identity: fc.option(identity, { nil: undefined }),
    more: fc.dictionary(
      fc.constantFrom('eventID', 'awsRegion', 'NewImage', 'Keys', 'é'),
      fc.json().map((text) => JSON.parse(text)),
    ),
  })
  .chain(({ event, key, image, old, seconds, digits, identity: userIdentity, more }) =>
    shuffled({
      Keys: key,
      ...(event === 'REMOVE' ? {} : { NewImage: image }),
      OldImage: old,
      SequenceNumber: '7'.padStart(digits, '0'),
      ApproximateCreationDateTime: seconds,
      SizeBytes: 1,
    }).chain((dynamodb) =>
      shuffled({ ...more, eventName: event, dynamodb, ...(userIdentity ? { userIdentity } : {}) }),
    ),
  );

const page = fc
  .record({ Records: fc.array(record, { maxLength: 12 }), NextShardIterator: fc.constantFrom('next', null) })
  .chain(shuffled);

/** What JSON.parse makes of a page: the slow way, which is right. */
function parsed(text: string) {
  const { Records, NextShardIterator } = JSON.parse(text);
  return {
    next: NextShardIterator ?? undefined,
    // biome-ignore lint/suspicious/noExplicitAny: whatever JSON holds
    records: Records.map(({ eventName, userIdentity, dynamodb }: any) => ({
      event: eventName.toLowerCase(),
      sequence: dynamodb.SequenceNumber,
      atMs: Math.round(dynamodb.ApproximateCreationDateTime * 1000),
      expired: eventName === 'REMOVE' && userIdentity?.Type === 'Service',
      item: eventName === 'REMOVE' ? dynamodb.Keys : dynamodb.NewImage,
    })),
  };
}

describe('pages of any records', () => {
  it('are read as JSON.parse does, in batches of any size', () => {
    fc.assert(
      fc.property(
        page,
        fc.constantFrom(undefined, 1),
        fc.integer({ min: 1, max: 13 }),
        (fields, spaces, maxRows) => {
          const text = JSON.stringify(fields, undefined, spaces);
          const { records, next, bytes } = recordPage(Buffer.from(text), 0);
          const size = { maxRows, maxBytes: 1_000_000 };
          const shared = { current: new OpenColumns([]), first: [] };
          const batches = [...recordBatches('shard', records, bytes, shared, size, (at) => ({ at }))];
          const changes = batches.flatMap(({ batch }) => [...(batch.changes ?? [])]);
          const items = itemsOf(batches.map(({ batch }) => batch));
          const expected = parsed(text);
          expect(next).toEqual(expected.next);
          expect(items.length).toBe(changes.length);
          expect(
            changes.map(({ event, sequence, expired = false }, index) => {
              return { event, sequence, atMs: records.atMs(index), expired, item: items[index] };
            }),
          ).toEqual(expected.records);
          let row = 0;
          for (const { batch, stretch } of batches) {
            expect(stretch.from).toBe(expected.records[row].sequence);
            row += batch.rows.length;
            expect(JSON.parse(stretch.to)).toEqual({ at: row - 1 });
            expect(batch.rows.length).toBeLessThanOrEqual(maxRows);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('rise where each comes after all before it', () => {
    const sequence = fc.stringMatching(/^0{0,2}[0-3]{1,3}$/);
    fc.assert(
      fc.property(fc.array(sequence), fc.option(sequence, { nil: undefined }), (sequences, after) => {
        const Records = sequences.map((SequenceNumber) => ({
          eventName: 'INSERT',
          dynamodb: { Keys: {}, NewImage: {}, SequenceNumber, ApproximateCreationDateTime: 1 },
        }));
        const { records } = recordPage(Buffer.from(JSON.stringify({ Records })), 0);
        const rising = records.rising(after);
        let last = after;
        const expected = sequences.filter((one) => {
          const isNext = last === undefined || BigInt(one) > BigInt(last);
          if (isNext) last = one;
          return isNext;
        });
        expect([...rising.changes(0, rising.length)].map((change) => change.sequence)).toEqual(expected);
      }),
    );
  });
});
