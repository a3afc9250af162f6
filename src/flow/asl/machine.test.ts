import { describe, expect, test } from 'vitest';
import { dynamodb, head, mysql } from '../../../test/fixtures/declarations.js';
import { Recorder, traceOf } from '../../../test/fixtures/flow-trace.js';
import { type Behaviour, call } from '../../../test/fixtures/flows.js';
import { execute, FunctionError, faultsOf, statesOf } from '../../../test/fixtures/interpreter.js';
import { functionsOf } from '../../../test/fixtures/own-functions.js';
import type { Declaration } from '../../declare/declaration.js';
import { parseDeclaration } from '../../declare/load.js';
import { definitionText, stateMachineOf } from './machine.js';
import { stepFunctions } from './step-functions.js';

/** A pipeline with a copy named `out`, with these fields besides, and these steps behind it. */
async function declared(steps: readonly object[], fields: object = {}): Promise<Declaration> {
  const copy = `{ copy: out, from: ${mysql}, to: ${dynamodb}, ${JSON.stringify(fields).slice(1, -1)} }`;
  const text = `${head}  - ${copy}\n${steps.map((step) => `  - ${JSON.stringify(step)}\n`).join('')}`;
  return await parseDeclaration(text, 'p.yaml', { env: { PW: 'x' }, cwd: '/' });
}

async function run(declaration: Declaration, functions: Readonly<Record<string, Behaviour>> = {}) {
  const recorder = new Recorder(functions);
  const execution = await execute(stateMachineOf(declaration), functionsOf(recorder));
  return { ...execution, trace: traceOf(recorder.events, declaration.steps), recorder };
}

function fails(name: string): Behaviour {
  return () => {
    throw new FunctionError(name, 'failed on purpose');
  };
}

/** Fails with the names, call by call, and then no more. */
function failsWith(...names: readonly string[]): Behaviour {
  return (_, count) => {
    const name = names[count - 1];
    if (name !== undefined) throw new FunctionError(name, 'failed on purpose');
    return {};
  };
}

/** Hands over twice before it is done. */
const handsOver: Behaviour = (_, count) => ({ done: count > 2 });

describe('a copy in a state machine', () => {
  test('is planned, its parts are copied, and it is finished; its counts can be asked for', async () => {
    const declaration = await declared([
      call('many', { when: 'steps.out.written > 10 && steps.out.rejected == 0' }),
      call('few', { when: 'steps.out.written <= 10' }),
    ]);
    const { trace, output } = await run(declaration, { 'out.finish': () => ({ read: 11, written: 11 }) });
    expect(trace).toBe('out.plan out.part out.part out.finish many');
    expect(output).toMatchObject({ steps: { out: { outcome: 'complete', written: 11 } } });
  });

  test('calls a part again for as long as it hands over', async () => {
    const { trace } = await run(await declared([], { parallel: 1 }), { 'out.part': handsOver });
    expect(trace).toBe('out.plan out.part out.part out.part out.part out.finish');
  });

  test('copies no more parts at once than it has writers', async () => {
    const declaration = await declared([], { parallel: 2 });
    const parts = Array.from({ length: 9 }, (_, part) => ({ part }));
    const { recorder, trace } = await run(declaration, { 'out.plan': () => ({ parts }) });
    expect(trace.match(/out\.part/g)).toHaveLength(9);
    expect(recorder.most).toBe(2);
  });

  test('begins again as a whole, whatever of it failed, and only after failures that may pass', async () => {
    const declaration = await declared([call('b')], { retry: { attempts: 3, backoff: 1 }, parallel: 1 });
    const passing = await run(declaration, {
      'out.plan': failsWith('unreachable'),
      'out.finish': failsWith('deadlock'),
    });
    expect(passing.trace).toBe(
      'out.plan out.plan out.part out.part out.finish out.plan out.part out.part out.finish b',
    );
    const final = await run(declaration, { 'out.finish': fails('rejects_exceeded') });
    expect(final).toMatchObject({
      trace: 'out.plan out.part out.part out.finish',
      status: 'FAILED',
      error: 'rejects_exceeded',
    });
  });

  test('is told by the journal which failure of a part stopped it', async () => {
    const declaration = await declared([], { retry: { attempts: 2, backoff: 1, on: ['throttled'] } });
    const { trace, error } = await run(declaration, {
      'out.plan': () => ({ parts: [{ part: 0 }] }),
      // This is what a distributed Map makes of the failure of one of its parts.
      'out.part': failsWith('States.ExceedToleratedFailureThreshold'),
      'out.failed': () => ({ error: { code: 'throttled', message: 'too fast' } }),
    });
    expect(error).toBeUndefined();
    expect(trace).toBe('out.plan out.part out.failed out.plan out.part out.finish');
  });

  test('hands its counts and its error to `onFailure`', async () => {
    const onFailure = [
      call('sorry', { input: { rows: '{{ steps.out.written }}', why: '{{ steps.out.error.code }}' } }),
    ];
    const declaration = await declared([call('b')], { onFailure });
    const { trace, status, error, recorder } = await run(declaration, {
      'out.part': fails('table_missing'),
      'out.failed': () => ({ written: 7 }),
      sorry: (payload) => {
        expect(payload).toEqual({ rows: 7, why: 'table_missing' });
      },
    });
    expect(trace).toMatch(/^out\.plan out\.part( out\.part)? out\.failed sorry$/);
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'table_missing' });
    expect(recorder.events.some(({ name }) => name === 'b')).toBe(false);
  });
});

test('each step has a function of its own, and names that are nearly alike have different ones', async () => {
  const more = ['out-2', 'out_2', 'OUT 2'].map((name) => ({ kind: 'verify', name, path: '', of: ['out'] }));
  const { steps } = await declared([]);
  const names = [...stepFunctions([...steps, ...more] as unknown as Declaration['steps']).entries()];
  expect(names).toEqual([
    ['out', 'StepOut'],
    ['out-2', 'StepOut2'],
    ['out_2', 'StepOut2N2'],
    ['OUT 2', 'StepOUT2N3'],
  ]);
  const { States } = stateMachineOf(await declared([{ verify: 'agree', of: 'out' }]));
  const called = statesOf(States).map(([, { Parameters }]) => Parameters as { FunctionName?: string });
  const functions = called.flatMap((parameters) => parameters?.FunctionName ?? []);
  expect([...new Set(functions)].sort()).toEqual([`\${Run}`, `\${StepAgree}`, `\${StepOut}`]);
});

test('a verify that finds differences is never tried again', async () => {
  const declaration = await declared([
    { verify: 'agree', of: 'out', sample: 5, retry: { attempts: 3, backoff: 1 } },
    call('b'),
  ]);
  const { trace, error } = await run(declaration, { agree: fails('different') });
  expect(trace).toBe('out.plan out.part out.part out.finish agree');
  expect(error).toBe('different');
  const passing = await run(declaration, { agree: failsWith('connection_lost') });
  expect(passing.trace).toBe('out.plan out.part out.part out.finish agree agree b');
});

describe('a part whose function was ended in its middle', () => {
  const endings = [
    'Sandbox.Timedout',
    'Lambda.Unknown',
    'Runtime.ExitError',
    'Lambda.TooManyRequestsException',
  ];

  test.each(endings)('(%s) is begun again', async (name) => {
    const { trace } = await run(await declared([call('b')], { parallel: 1 }), {
      'out.part': failsWith(name),
    });
    expect(trace).toBe('out.plan out.part out.part out.part out.finish b');
  });

  test('is given up in the end, and no other work is begun again', async () => {
    const declaration = await declared([call('b')], { parallel: 1 });
    const { status, recorder } = await run(declaration, { 'out.part': fails('Sandbox.Timedout') });
    expect(status).toBe('FAILED');
    expect(recorder.events.some(({ name }) => name === 'b')).toBe(false);
    const retried = statesOf(stateMachineOf(declaration).States).filter(([, state]) =>
      JSON.stringify(state['Retry'] ?? []).includes('Sandbox.Timedout'),
    );
    expect(retried.map(([name]) => name)).toEqual(['out: part']);
  });
});

describe('a limit of branches', () => {
  test('is never exceeded', async () => {
    const branches = [...'abcdefgh'].map((name) => call(name));
    const { recorder, trace } = await run(await declared([{ parallel: branches, limit: 3 }]));
    expect(trace).toContain('(a | b | c | d | e | f | g | h)');
    expect(recorder.most).toBe(3);
  });
});

describe('the waits between attempts', () => {
  test('are backoff to the power of their number, in whole seconds and never shorter', async () => {
    const retryOf = async (retry: object) => {
      const { States } = stateMachineOf(await declared([], { retry }));
      return States['out']?.['Retry'];
    };
    expect(await retryOf({ attempts: 4, backoff: 3 })).toMatchObject([
      { IntervalSeconds: 3, BackoffRate: 3, MaxAttempts: 3 },
    ]);
    expect(await retryOf({ attempts: 2, backoff: 1.5, on: ['throttled'] })).toEqual([
      {
        ErrorEquals: ['throttled', 'Lambda.TooManyRequestsException'],
        IntervalSeconds: 2,
        BackoffRate: 1.5,
        MaxAttempts: 1,
      },
    ]);
    expect(await retryOf({ attempts: 1 })).toBeUndefined();
  });
});

describe('names', () => {
  const hostile = [
    "it's",
    'a"b',
    'a]b',
    '日本',
    '$.x',
    'a b',
    '__proto__',
    'States',
    'Begin',
    'x'.repeat(200),
    '',
  ];

  test('of any kind are states and can be referred to', async () => {
    const plain = hostile.map((_, index) => `x${index}`);
    const last = call('last', { when: plain.map((name) => `steps.${name}.output.ok`).join(' && ') });
    const { steps, ...rest } = await declared([...plain.map((name) => call(name)), last]);
    const renamed = hostile.reduce(
      (text, name, index) => text.replaceAll(`"x${index}"`, () => JSON.stringify(name)),
      JSON.stringify(steps),
    );
    const declaration = { ...rest, steps: JSON.parse(renamed) } as Declaration;
    expect(faultsOf(stateMachineOf(declaration))).toBe('');
    const ok: Behaviour = () => ({ ok: true });
    const { trace } = await run(declaration, Object.fromEntries(plain.map((name) => [name, ok])));
    expect(trace).toMatch(/ last$/);
  });

  test('stay apart however alike they are', async () => {
    const { steps, ...rest } = await declared([call('x1'), call('x2'), call('x3')]);
    const text = JSON.stringify(steps)
      .replace('"x1"', '"a.b"')
      .replace('"x2"', '"a:b"')
      .replace('"x3"', '"a_b"');
    const { States } = stateMachineOf({ ...rest, steps: JSON.parse(text) } as Declaration);
    expect(Object.keys(States)).toEqual(['Begin', 'out', 'a_b', 'a_b 2', 'a_b 3', 'End']);
  });

  test('have at most 80 characters, and are unique in the whole machine', async () => {
    const long = 'n'.repeat(64);
    const declaration = await declared([
      { parallel: [call(long), { wait: `${'n'.repeat(63)}o`, for: 1 }], limit: 1 },
      call('b', { when: 'steps.out.written > 0', onFailure: call('c') }),
    ]);
    const names = statesOf(stateMachineOf(declaration).States).map(([name]) => name);
    expect(names.filter((name) => name.length > 80)).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('what a state machine cannot do is refused, naming the step', () => {
  const refusals: readonly [name: string, steps: readonly object[], message: RegExp][] = [
    ['a command', [{ call: 'mail', run: ['./mail.sh'] }], /^mail runs on this machine only$/],
    [
      'how long a call took',
      [call('a'), call('b', { when: 'steps.a.seconds > 1' })],
      /does not measure how long the call a takes/,
    ],
    [
      'what happened in branches of which one failed',
      [
        {
          parallel: [call('a'), call('b')],
          onFailure: JSON.parse('{"steps":[{"wait":"w","for":1}],"then":"continue"}'),
        },
        call('c', { when: "steps.a.outcome == 'complete'" }),
      ],
      /what a did is not known behind steps\[1\]/,
    ],
    [
      'references beside objects in a list',
      [call('a', { input: { list: ['{{ steps.out.read }}', {}] } })],
      /a list in `input`/,
    ],
    ['a field that looks like a path', [call('a', { input: { 'b.$': '$.x' } })], /a field of `input`/],
    [
      'a path that cannot be quoted everywhere',
      [call('a'), call('b', { when: `steps.a.output["it's"] == 1` })],
      /cannot be referred to/,
    ],
  ];

  test.each(refusals)('%s', async (_, steps, message) => {
    const declaration = await declared(steps);
    expect(() => stateMachineOf(declaration)).toThrow(
      expect.objectContaining({ code: 'unsupported', message: expect.stringMatching(message) }),
    );
    expect(() => stateMachineOf(declaration)).toThrow(
      expect.objectContaining({ path: expect.stringMatching(/^steps\[\d\]/), hint: expect.any(String) }),
    );
  });

  test('a definition beyond a mebibyte', () => {
    const States = { a: { Type: 'Pass', Comment: 'x'.repeat(1_100_000) } } as const;
    expect(() => definitionText({ StartAt: 'a', States })).toThrow(/larger than the 1 MiB/);
  });
});
