import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Cell } from '../values/cell.js';
import type { Column } from '../values/column.js';
import { explainRow } from './explain.js';
import { Transform, type TransformOptions } from './transform.js';

const columns: readonly Column[] = Object.freeze([
  { name: 'id', type: 'int', nullable: false },
  { name: 'note', type: 'text', nullable: true },
  { name: 'paid', type: 'int', nullable: true },
  { name: 'doc', type: 'attribute', nullable: true },
]);

const options: fc.Arbitrary<TransformOptions> = fc.record(
  {
    map: fc.constantFrom(
      {},
      { rename: { remark: 'note' }, drop: ['doc'] },
      { only: { id: 'id', paid: 'paid', part: 'doc.part' }, as: { paid: 'bool' as const } },
      { add: { note2: 'x', nothing: null }, as: { id: 'text' as const, paid: 'bool' as const } },
      { rename: { id: 'note', note: 'id' } },
    ),
    empty: fc.constantFrom('keep' as const, 'null' as const),
    nulls: fc.constantFrom('keep' as const, 'omit' as const),
    row: fc.constantFrom(
      (row: object) => ({ ...row, made: 'x' }),
      () => ({ made: 1n }),
      () => 'no row',
    ),
  },
  { requiredKeys: [] },
);

const row: fc.Arbitrary<Cell[]> = fc.tuple(
  fc.constantFrom('1', '-7'),
  fc.constantFrom('', 'text', null),
  fc.constantFrom('0', '1', '2', null),
  fc.constantFrom(undefined, { M: { part: { S: '' } } }, { NULL: true } as const, { S: '' }),
);

it('comes to what the transform comes to, and tells of every column that is not as it was', () => {
  fc.assert(
    fc.property(options, row, (some, cells) => {
      const batch = { columns, rows: [cells], bytes: 1 };
      const { changes, outcome } = explainRow(some, true, [], batch);
      const { batch: after, dropped } = new Transform(some, true).apply(batch);
      if (outcome.kind === 'refused') {
        expect(dropped.map(({ refusal }) => refusal)).toEqual([outcome.refusal]);
        return;
      }
      const shown = (one: typeof batch | typeof after) =>
        new Map(one.columns.map(({ name }, index) => [name, one.rows.at(0)?.[index]]));
      expect(shown(outcome.batch)).toEqual(shown(after));
      const told = new Set(
        changes.flatMap(({ column, reason }) => [column, reason.replace('renamed from ', '')]),
      );
      const [before, now] = [shown(batch), shown(after)];
      for (const name of new Set([...before.keys(), ...now.keys()])) {
        if (JSON.stringify(before.get(name)) !== JSON.stringify(now.get(name))) expect(told).toContain(name);
      }
    }),
    { numRuns: 500 },
  );
});

it('says of a swap where each column comes from, and calls a row function once', () => {
  let calls = 0;
  const swap: TransformOptions = {
    map: { rename: { id: 'note', note: 'id' } },
    row: (given) => {
      calls++;
      return given;
    },
  };
  const { changes } = explainRow(swap, false, [], { columns, rows: [['1', 'a', '0', undefined]], bytes: 1 });
  expect(changes.map(({ column, reason }) => [column, reason])).toEqual([
    ['note', 'renamed from id'],
    ['id', 'renamed from note'],
  ]);
  expect(calls).toBe(1);
});
