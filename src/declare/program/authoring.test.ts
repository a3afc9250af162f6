import { describe, expect, test } from 'vitest';
import { call, copy, pipeline, type RowValue } from '../../index.js';

const ends = {
  from: { connection: 'shop', table: 't' },
  to: { connection: 'stage', table: 'ttt' },
};

describe('copy and pipeline', () => {
  test('give back what they were given', () => {
    const step = { copy: 'a', ...ends };
    expect(copy(step)).toBe(step);
    expect(Object.keys(step)).toEqual(['copy', 'from', 'to']);
    const document = { pipeline: 'p', connections: {}, steps: [step] };
    expect(pipeline(document)).toBe(document);
    expect(copy(Object.freeze({ copy: 'a', ...ends }))).toEqual({ copy: 'a', ...ends });
  });

  test('take rows of a type of one’s own', () => {
    interface Order {
      readonly id: bigint;
      readonly price: string;
    }
    const step = copy({
      copy: 'a',
      ...ends,
      row: ({ id, price }: Order) => ({ id, price, label: `${id}: ${price}` }),
    });
    const row: Record<string, RowValue> = { id: 1n, price: '2.50' };
    expect(step.row?.(row)).toEqual({ id: 1n, price: '2.50', label: '1: 2.50' });
  });

  test('type calls, waits, verifications and what follows a failure', () => {
    const told = call({
      call: 'tell',
      run: async (input, { signal, firing, steps }) => ({
        input,
        aborted: signal.aborted,
        time: firing.time,
        written: steps['a']?.written ?? 0,
      }),
      when: 'steps.a.written > 0',
    });
    const document = pipeline({
      pipeline: 'p',
      connections: {},
      steps: [
        copy({
          copy: 'a',
          ...ends,
          // biome-ignore lint/suspicious/noThenProperty: the declaration's word
          onFailure: { steps: told, then: 'continue' },
          retry: { on: ['throttled'] },
        }),
        { parallel: [[{ wait: 'w', for: '5m' }], { verify: 'v', of: 'a' }], when: 'true', onFailure: [told] },
        { call: 'plain', run: ['./x.sh'], input: { n: 1 } },
      ],
    });
    expect(document.steps).toHaveLength(3);
  });

  test('do not compile with a mistake', () => {
    // @ts-expect-error an unknown field
    copy({ copy: 'a', ...ends, emtpy: 'keep' });
    // @ts-expect-error an unknown mode
    copy({ copy: 'a', from: ends.from, to: { connection: 'stage', mode: 'putt' } });
    // @ts-expect-error a literal password
    pipeline({ pipeline: 'p', connections: { a: { kind: 'mysql', password: 'x' } }, steps: [] });
    // @ts-expect-error a kind that there is not
    pipeline({ pipeline: 'p', connections: { a: { kind: 'oracle' } }, steps: [] });
    // @ts-expect-error a row function that returns no row
    copy({ copy: 'a', ...ends, row: () => 5 });
    // @ts-expect-error a code that there is not
    copy({ copy: 'a', ...ends, retry: { on: ['throtled'] } });
    // @ts-expect-error a command that is a text
    call({ call: 'a', run: './x.sh' });
    // @ts-expect-error a wait until a number
    pipeline({ pipeline: 'p', connections: {}, steps: [{ wait: 'w', until: 5 }] });
    // @ts-expect-error steps that are missing
    pipeline({ pipeline: 'p', connections: {} });
    expect(true).toBe(true);
  });
});
