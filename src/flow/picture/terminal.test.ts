import fc from 'fast-check';
import { expect, it } from 'vitest';
import { head } from '../../../test/fixtures/declarations.js';
import { randomFlow } from '../../../test/fixtures/random-flow.js';
import { parseDeclaration } from '../../declare/load.js';
import { cellWidth } from './cell-width.js';
import { flowPicture, type RunStatus } from './flow-picture.js';
import { terminalPicture } from './terminal.js';

const ends = '{ from: { connection: shop, table: t }, to: { connection: stage, table: ttt, mode: put }';
const copy = (name: string, more = '') => `{ copy: ${name}, ${ends.slice(2)}${more} }`;

async function picture(steps: string, options: { width?: number; isAscii?: boolean; run?: RunStatus } = {}) {
  const text = `${head}${steps}`;
  const declaration = await parseDeclaration(text, 'p.yaml', { env: { PW: 'x' }, cwd: '/' });
  const { width = 100, isAscii = false, run } = options;
  return `\n${terminalPicture(flowPicture(declaration, run), { width, isAscii })}\n`;
}

it('draws a series with what became of each step', async () => {
  const steps = `  - ${copy('out', ', retry: { attempts: 3, backoff: 2 }')}
  - { wait: settle, for: 90s }
  - { verify: agree, of: out, sample: 1000 }
`;
  const run: RunStatus = {
    run: { tone: 'warn', text: 'complete with rejects in 12s', details: ['run 20261121t060000-1'] },
    steps: new Map([
      [
        'out',
        { tone: 'warn', text: 'complete with rejects in 9.1s', details: ['1,000 written, 2 rejected'] },
      ],
      ['settle', { tone: 'idle', text: 'skipped', details: [] }],
      ['agree', { tone: 'bad', text: 'failed in 0.3s', details: ['different'] }],
    ]),
  };
  expect(await picture(steps, { run })).toMatchInlineSnapshot(`
    "
    ┌─────────────────────────────────┐
    │ pipeline p                      │
    │ started by hand                 │
    │ ! complete with rejects in 12s  │
    │ run 20261121t060000-1           │
    └────────────────┬────────────────┘
                     │
                     ▼
    ┌─────────────────────────────────┐
    │ copy out                        │
    │ shop.t → stage.ttt              │
    │ mode put                        │
    │ up to 3 attempts                │
    │ ! complete with rejects in 9.1s │
    │ 1,000 written, 2 rejected       │
    └────────────────┬────────────────┘
                     │
                     ▼
            ┌─────────────────┐
            │ wait settle     │
            │ for 1 min 30 s  │
            │ – skipped       │
            └────────┬────────┘
                     │
                     ▼
         ┌───────────────────────┐
         │ verify agree          │
         │ of out                │
         │ a sample of 1000 rows │
         │ ✗ failed in 0.3s      │
         │ different             │
         └───────────┬───────────┘
                     │
                     ▼
              ┌─────────────┐
              │ end         │
              └─────────────┘
    "
  `);
});

it('draws branches, and what follows a failure, in a narrower terminal with narrower boxes', async () => {
  const steps = `  - parallel:
      - - ${copy('a', `, when: "firing.hour < 6 && firing.weekday in ['SAT', 'SUN']"`)}
        - { call: tell, run: [./tell.sh, --password=x] }
      - ${copy('b')}
    limit: 1
    onFailure: { call: page, function: "arn:aws:lambda:eu-west-1:111122223333:function:pager" }
`;
  expect(await picture(steps, { width: 90 })).toMatchInlineSnapshot(`
    "
                             ┌─────────────────┐
                             │ pipeline p      │
                             │ started by hand │
                             └────────┬────────┘
                                      │
                                      ▼
                           ┌─────────────────────┐
                           │ parallel 2 branches │
                           │ one after the other ├╌╌╌╌╌╌╌╌ on failure ╌╌╌╌╌╌╌╌╌┐
                           └──────────┬──────────┘                             ▼
                                      │                               ┌─────────────────┐
                                      │                               │ call page       │
                      ┌───────────────┴────────────────┐              │ function pager  │
                      ▼                                ▼              └────────┬────────┘
    ┌───────────────────────────────────┐   ┌─────────────────────┐            │
    │ copy a                            │   │ copy b              │            ▼
    │ shop.t → stage.ttt                │   │ shop.t → stage.ttt  │    ┌───────────────┐
    │ mode put                          │   │ mode put            │    │ the run stops │
    │ when firing.hour < 6 &&           │   └──────────┬──────────┘    └───────────────┘
    │ firing.weekday in ['SAT', 'SUN']  │              │
    └─────────────────┬─────────────────┘              │
                      │                                │
                      ▼                                │
             ┌─────────────────┐                       │
             │ call tell       │                       │
             │ runs ./tell.sh  │                       │
             └────────┬────────┘                       │
                      │                                │
                      └───────────────┬────────────────┘
                                      │
                                      ▼
                               ┌─────────────┐
                               │ end         │
                               └─────────────┘
    "
  `);
});

it('draws nested branches that join again, in ASCII', async () => {
  const steps = `  - ${copy('first', ', onFailure: { steps: [{ wait: rest, for: 1h }], then: continue }')}
  - parallel:
      - ${copy('left')}
      - - parallel: [${copy('x')}, ${copy('y')}]
        - { verify: both, of: [x, y] }
`;
  expect(await picture(steps, { isAscii: true })).toMatchInlineSnapshot(`
    "
                         +-----------------+
                         | pipeline p      |
                         | started by hand |
                         +--------+--------+
                                  |
                                  v
                       +---------------------+
                       | copy first          |
                       | shop.t -> stage.ttt +- on failure --+
                       | mode put            |               v
                       +----------+----------+        +-------------+
                                  |                   | wait rest   |
                                  |                   | for 1 h     |
                                  |                   +------+------+
                                  |                          :
                                  +--------------------------+
                                  |
                                  |
               +------------------+-------------------+
               v                                      |
    +---------------------+              +------------+------------+
    | copy left           |              v                         v
    | shop.t -> stage.ttt |   +---------------------+   +---------------------+
    | mode put            |   | copy x              |   | copy y              |
    +----------+----------+   | shop.t -> stage.ttt |   | shop.t -> stage.ttt |
               |              | mode put            |   | mode put            |
               |              +----------+----------+   +----------+----------+
               |                         |                         |
               |                         +------------+------------+
               |                                      |
               |                                      v
               |                               +-------------+
               |                               | verify both |
               |                               | of x, y     |
               |                               +------+------+
               |                                      |
               +------------------+-------------------+
                                  |
                                  v
                           +-------------+
                           | end         |
                           +-------------+
    "
  `);
});

it('gives an outline where boxes are too wide', async () => {
  const steps = `  - parallel: [${copy('a')}, ${copy('b')}, [${copy('c')}, { wait: d, for: 5s }]]
    onFailure: { steps: [{ wait: e, for: 5s }], then: continue }
`;
  expect(await picture(steps, { width: 40 })).toMatchInlineSnapshot(`
    "
    ▪ pipeline p
      started by hand
    ▪ parallel 3 branches
    ├─ branch 1
    │  ▪ copy a
    │    shop.t → stage.ttt
    │    mode put
    ├─ branch 2
    │  ▪ copy b
    │    shop.t → stage.ttt
    │    mode put
    └─ branch 3
       ▪ copy c
         shop.t → stage.ttt
         mode put
       ▪ wait d
         for 5 s
    └─ on failure (then the flow goes on)
       ▪ wait e
         for 5 s
    ▪ end
    "
  `);
});

it('spells what could move the cursor, and of a command shows its program only', async () => {
  const steps = `  - { copy: a, from: { connection: shop, table: "t\\e[2J\\u202e" }, to: { connection: stage, table: ttt } }
  - { call: b, run: [./tell.sh, --password=canary], input: { token: canary } }
`;
  const text = await picture(steps);
  expect(text).toContain('shop.t\\u001b[2J\\u202e → stage.ttt');
  expect(text).toContain('runs ./tell.sh');
  expect(text).not.toMatch(/canary|[^\P{Cc}\n]|\p{Cf}/u);
});

it('keeps to the width, and to ASCII, whatever the names are', () => {
  fc.assert(
    fc.property(randomFlow, fc.integer({ min: 60, max: 300 }), fc.boolean(), (flow, width, isAscii) => {
      const text = terminalPicture(flow, { width, isAscii });
      expect(text.split('\n').filter((line) => cellWidth(line) > width)).toEqual([]);
      if (isAscii) expect(text).toMatch(/^\p{ASCII}*$/u);
    }),
    { numRuns: 100 },
  );
});
