import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomItem, shuffled } from '../../../test/fixtures/random-items.js';
import { attributeOf, wholeItem } from './item-scanner.js';
import { fetchedBody, pageBody } from './page-body.js';

const answer = fc
  .record(
    {
      Items: fc.array(randomItem),
      LastEvaluatedKey: randomItem,
      ConsumedCapacity: fc.constant({ CapacityUnits: 1.5 }),
    },
    { requiredKeys: [] },
  )
  .chain((fields) =>
    fc.constantFrom(fields, { ...fields, Count: ('Items' in fields && fields.Items?.length) || 0 }),
  )
  .chain(shuffled);

function read(bytes: Buffer) {
  const { fields, items } = pageBody('Scan', bytes);
  return { ...fields, Items: [...items.rest()] };
}

describe('pageBody', () => {
  it('reads any answer as JSON.parse does', () => {
    fc.assert(
      fc.property(answer, fc.constantFrom(undefined, 1), (fields, spaces) => {
        const body = JSON.stringify(fields, undefined, spaces);
        expect(read(Buffer.from(body))).toEqual({ Items: [], ...JSON.parse(body) });
      }),
      { numRuns: 500 },
    );
  });

  it('reads escapes and characters of every width', () => {
    const body = String.raw`{"Items":[{"a\u0062":{"S":"\ud83d\ude00 é \"x\" \\"},"n":{"N":"-1.5"}},{}],"Count":2}`;
    expect(read(Buffer.from(body))).toEqual(JSON.parse(body));
  });

  it('finds the end of the items where a key holds brackets and quotes', () => {
    const fields = {
      Items: [{ id: { S: ']}' } }],
      LastEvaluatedKey: { id: { S: '],"Count":[' }, sort: { S: ']}' } },
      Count: 1,
    };
    expect(read(Buffer.from(JSON.stringify(fields)))).toEqual(fields);
  });

  it.each(['', '[', '{"Items":[', '{"Items":[{"a":{"S":"x"}}', '{"Items":[{"a":{"S":"x}}]}', 'null'])(
    'refuses %j, which is no answer',
    (body) => {
      expect(() => read(Buffer.from(body))).toThrow('the answer is not JSON');
    },
  );

  it('refuses an answer that has fewer items than it says', () => {
    expect(() => read(Buffer.from('{"Items":[{"a":{"S":"x"}}],"Count":2}'))).toThrow(
      'has 1 items and says 2',
    );
  });

  it('refuses items that are torn inside', () => {
    expect(() => read(Buffer.from('{"Items":[{"a":{"S":"x"}},{"a":{"S":"y"]}'))).toThrow(
      'the answer is not JSON',
    );
  });
});

const table = fc.constantFrom('users', 'a.b-c_d', '"Items":[', 'é');
const fetchedAnswer = fc
  .record({
    Responses: fc.tuple(table, fc.array(randomItem)).map(([name, items]) => ({ [name]: items })),
    UnprocessedKeys: fc.tuple(table, fc.array(randomItem)).map(([name, Keys]) => ({ [name]: { Keys } })),
    ConsumedCapacity: fc.constantFrom([], [{ TableName: 'users', CapacityUnits: 1.5 }]),
  })
  .chain(shuffled);

describe('fetchedBody', () => {
  it('reads any answer as JSON.parse does, and keeps each item when it has gone on', () => {
    fc.assert(
      fc.property(fetchedAnswer, fc.constantFrom(undefined, 1), (fields, spaces) => {
        const body = JSON.stringify(fields, undefined, spaces);
        const [name = ''] = Object.keys(fields['Responses'] ?? {});
        const { fields: others, items } = fetchedBody(Buffer.from(body), name);
        const kept = [];
        while (items.next()) kept.push(items.scanner.kept());
        const expected = JSON.parse(body);
        expect(kept.map(wholeItem)).toEqual(expected.Responses[name]);
        expect(others['UnprocessedKeys']).toEqual(expected.UnprocessedKeys);
        for (const [index, each] of kept.entries()) {
          for (const [attributeName, value] of Object.entries(expected.Responses[name][index])) {
            expect(attributeOf(each, attributeName)).toEqual(value);
          }
          expect(attributeOf(each, 'not there')).toBeUndefined();
        }
      }),
    );
  });

  it('has no items where the answer names no table', () => {
    expect(fetchedBody(Buffer.from('{"UnprocessedKeys":{}}'), 'users').items.next()).toBe(false);
  });
});
