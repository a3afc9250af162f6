import { describe, expect, it } from 'vitest';
import type { Batch, Change } from '../values/batch.js';
import type { Row } from '../values/cell.js';
import type { Column } from '../values/column.js';
import { SchemaCheck } from './check/schema-check.js';
import { MaskKey } from './mask/mask-key.js';
import { Transform, type TransformOptions } from './transform.js';

const attribute = (name: string): Column => ({ name, type: 'attribute', nullable: true });
const columns = [attribute('id'), attribute('payload')];

function changed(event: Change['event'], sequence: string): Change {
  const changedAt = '2026-11-21T06:32:45Z';
  return { event, sequence, changedAt, receivedAt: '2026-11-21T06:32:46.123Z' };
}

function batch(rows: Row[], ...events: Change['event'][]): Batch {
  return {
    columns,
    rows,
    bytes: 1,
    changes: events.map((event, index) => changed(event, String(100 + index))),
  };
}

function apply(options: TransformOptions, input: Batch, key: readonly string[] = ['id']) {
  const { batch: out, dropped } = new Transform({ ...options, changes: true }, true, key).apply(input);
  return {
    rows: [...out.rows],
    columns: out.columns.map(({ name, type }) => `${name} ${type}`),
    sequences: [...(out.changes ?? [])].map(({ sequence }) => sequence),
    dropped: dropped.map(({ row, refusal }) => [row, refusal.code]),
  };
}

const hit = (text: string) => ({ S: text });

describe('changes', () => {
  it('stay beside their rows when rows are dropped, also those that the source refused', async () => {
    const schema = await SchemaCheck.of({ name: '', schema: { type: 'object' }, files: {} });
    const rows: Row[] = [
      [{ S: 'a' }, hit('{"n":1}')],
      [{ S: 'b' }, hit('[]')],
      [{ S: 'c' }, hit('{')],
      [{ S: 'd' }, undefined],
      [{ S: 'e' }, hit('{"n":5}')],
    ];
    const input = batch(rows, 'insert', 'modify', 'insert', 'remove', 'modify');
    const options = { parse: ['payload'], checks: [{ of: 'payload', schema }] };
    expect(apply(options, input)).toMatchObject({
      rows: [
        [{ S: 'a' }, { M: { n: { N: '1' } } }],
        [{ S: 'd' }, undefined],
        [{ S: 'e' }, { M: { n: { N: '5' } } }],
      ],
      sequences: ['100', '103', '104'],
      dropped: [
        [1, 'check_failed'],
        [2, 'parse_failed'],
      ],
    });
    const refused = [{ row: 0, code: 'key_invalid' as const, message: 'x' }];
    expect(apply(options, { ...input, refused }).sequences).toEqual(['103', '104']);
    expect(apply({}, { ...input, refused }).sequences).toEqual(['101', '102', '103', '104']);
  });

  it('an item that is gone is not checked, no row function sees it, and its key is mapped and masked', async () => {
    const schema = await SchemaCheck.of({ name: '', schema: false, files: {} });
    const key = new MaskKey('the key of this test, and of no other');
    const options: TransformOptions = {
      checks: [{ schema }],
      map: { rename: { key: 'id' }, add: { origin: 'shop' } },
      row: () => {
        throw new Error('called');
      },
      mask: { columns: { key: 'hash' }, key },
    };
    const out = apply(
      options,
      batch(
        [
          [{ S: 'a' }, undefined],
          [{ S: 'b' }, hit('x')],
        ],
        'remove',
        'insert',
      ),
      ['key'],
    );
    expect(out.rows).toEqual([[{ S: key.hash('a') }, undefined, undefined]]);
    expect(out.dropped).toEqual([[1, 'check_failed']]);
  });

  it('an item that is gone without a key of the sink is a reject', () => {
    const removed = batch([[{ S: 'a' }, undefined]], 'remove');
    const options = { parse: ['payload'], map: { only: { page: 'payload.page', id: 'id' } } };
    expect(apply(options, removed, ['page']).dropped).toEqual([[0, 'key_empty']]);
    expect(apply(options, removed, ['id']).rows).toEqual([[undefined, { S: 'a' }]]);
    expect(apply({}, removed, ['payload']).dropped).toEqual([[0, 'key_empty']]);
    expect(apply({}, removed, ['elsewhere']).dropped).toEqual([[0, 'key_empty']]);
  });

  it('pass as the very batch where nothing is done to them', () => {
    const input = batch([[{ S: 'a' }, undefined]], 'remove');
    expect(new Transform({ changes: true }, true, ['id']).apply(input).batch).toBe(input);
  });
});

describe('meta', () => {
  it('tells of the change, and constants stand in only', () => {
    const only = {
      id: 'id',
      at: { meta: 'changedAt' },
      got: { meta: 'receivedAt' },
      sequence: { meta: 'sequence' },
      what: { meta: 'event' },
      origin: { value: 'shop' },
    } as const;
    const out = apply({ map: { only, as: { sequence: 'int' } } }, batch([[{ S: 'a' }, undefined]], 'insert'));
    expect(out.columns).toEqual([
      'id attribute',
      'at timestamp',
      'got timestamp',
      'sequence int',
      'what text',
      'origin text',
    ]);
    expect(out.rows).toEqual([
      [{ S: 'a' }, '2026-11-21 06:32:45', '2026-11-21 06:32:46.123', '100', 'insert', 'shop'],
    ]);
    expect(
      apply({ map: { add: { what: { meta: 'event' } } } }, batch([[{ S: 'a' }, undefined]], 'remove')).rows,
    ).toEqual([[{ S: 'a' }, undefined, undefined]]);
  });

  it('is refused where rows are no changes', () => {
    const transform = new Transform({ map: { add: { what: { meta: 'event' } } } }, true);
    expect(() => transform.outline(columns)).toThrow('map takes event of a change for what');
  });
});
