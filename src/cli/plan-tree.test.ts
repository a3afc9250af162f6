import { describe, expect, test } from 'vitest';
import { parseDeclaration } from '../declare/load.js';
import { isPlainSeries, treeEvents, treeLines } from './plan-tree.js';

const head = `pipeline: p
connections: { shop: { kind: mysql, host: 127.0.0.1, user: app, password: { env: PW }, database: shop } }
steps:
`;
const ends = 'from: { connection: shop, table: t }, to: { connection: shop, table: u }';

async function steps(text: string) {
  return (await parseDeclaration(head + text, 'p.yaml', { env: { PW: 'x' }, cwd: '/' })).steps;
}

describe('the tree of a plan', () => {
  test('shows conditions, waits, calls, verifications, and what follows a failure', async () => {
    const declared = await steps(`  - copy: a
    ${ends.replace(', to', '\n    to')}
    retry: { attempts: 3, on: [throttled] }
    onFailure: { call: alarm, run: [./alarm.sh, -v] }
  - parallel:
      - - { wait: w, for: 90s, when: "steps.a.written > 0" }
        - { verify: v, of: a, sample: 5 }
      - parallel: [{ wait: u, until: "2026-12-01T06:00Z" }]
    limit: 2
    onFailure: { then: continue, steps: [{ call: f, function: "arn:aws:lambda:eu-west-1:111122223333:function:f" }] }
`);
    expect(treeLines(declared)).toEqual([
      'a: copy',
      '  at most 3 attempts, after throttled',
      '  on failure, then stop:',
      '    alarm: call ./alarm.sh -v',
      'parallel, 2 at once',
      '  on failure, then continue:',
      '    f: call arn:aws:lambda:eu-west-1:111122223333:function:f',
      '  ├ w: wait 1m 30s',
      "  │   when steps['a'].written > 0",
      '  │ v: verify a, 5 rows of each',
      '  ├ parallel',
      '  │   ├ u: wait until 2026-12-01T06:00:00.000Z',
    ]);
    expect(isPlainSeries(declared)).toBe(false);
  });

  test('is an event for each step, nested ones too', async () => {
    const declared = await steps(`  - { copy: a, ${ends}, when: "firing.hour < 6" }
  - parallel: [{ call: b, run: [x], onFailure: { wait: c, for: 1 } }]
`);
    expect(treeEvents(declared)).toMatchObject([
      { event: 'step', step: 'a', path: 'steps[0]', kind: 'copy', when: 'firing.hour < 6' },
      { event: 'step', path: 'steps[1]', kind: 'parallel', branches: [['b']] },
      { event: 'step', step: 'b', kind: 'call', run: ['x'], from: 'command', onFailure: { steps: ['c'] } },
      { event: 'step', step: 'c', kind: 'wait', seconds: 1 },
    ]);
  });

  test('is left out where copies follow each other and nothing else', async () => {
    expect(isPlainSeries(await steps(`  - { copy: a, ${ends} }\n  - { copy: b, ${ends} }\n`))).toBe(true);
  });
});
