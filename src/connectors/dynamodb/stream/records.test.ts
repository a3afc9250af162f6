import { describe, expect, it } from 'vitest';
import { itemsOf } from '../../../../test/fixtures/dynamodb-ends.js';
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
    expect(records.map(({ change, atMs }) => ({ ...change, atMs }))).toEqual([
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
    expect(recordPage(Buffer.from('{"Records":[]}'), 0)).toEqual({ records: [], bytes: 14 });
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
