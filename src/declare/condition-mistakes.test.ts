import { describe, expect, test } from 'vitest';
import { dynamodb, head, mysql, problemsOf } from '../../test/fixtures/declarations.js';

/** A copy named `a` in line 6, and behind it, from line 7 on, these lines. */
function after(lines: string): string {
  return `${head}  - { copy: a, from: ${mysql}, to: ${dynamodb} }\n${lines}\n`;
}

/** A wait behind the copy `a`, with this condition in line 8. */
function when(condition: string): string {
  return after(`  - wait: w\n    when: ${condition}\n    for: 5`);
}

const at = (character: number, rest: string) => [`8:11 steps[1].when at character ${character}: ${rest}`];
const copyFields = 'fields of a copy: outcome, read, written, unchanged, rejected, deleted, bytes, seconds';
const instants = "an instant is compared with another, or with '2026-12-01T06:00:00Z'";

/** What is declared, and all that is said about it: line:column, path, message, code, hint. */
const conditions: readonly [name: string, condition: string, problems: readonly string[]][] = [
  [
    'no condition',
    'x y',
    at(
      1,
      "unknown name x (wrong_value) → there are numbers, 'texts', true, false, null, steps['name'].written and firing.hour; a text stands between quotes",
    ),
  ],
  [
    'an unknown step',
    "steps['orders'].written > 0",
    at(1, 'no step is named "orders" (wrong_value) → steps that have ended by then: a'),
  ],
  [
    'the step itself',
    'steps.w.seconds > 0',
    at(
      1,
      'step "w" (steps[1]) is not sure to have ended before this one (wrong_value) → steps that have ended by then: a',
    ),
  ],
  [
    'an unknown field',
    'steps.a.writen > 0',
    at(1, `unknown field "writen"; did you mean "written"? (wrong_value) → ${copyFields}`),
  ],
  [
    'a field of another kind',
    'steps.a.output.x > 0',
    at(1, `a copy has no output (wrong_value) → ${copyFields}`),
  ],
  [
    'an error of what has not failed',
    "steps.a.error.code == 'timeout'",
    at(1, `there is an error only in \`onFailure\` of the step that failed (wrong_value) → ${copyFields}`),
  ],
  [
    'more below a count',
    'steps.a.written.x > 0',
    at(1, "written holds nothing else (wrong_value) → write steps['a'].written"),
  ],
  [
    'a text and a number',
    "firing.hour < 6 && steps.a.written > '0'",
    at(20, 'a number is compared with a text (wrong_value) → a number stands without quotes'),
  ],
  [
    'an outcome that there is not',
    "steps.a.outcome == 'completed'",
    at(
      20,
      'it is never "completed"; did you mean "complete"? (wrong_value) → one of: complete, rejects, skipped, failed',
    ),
  ],
  [
    'an order of texts',
    "steps.a.outcome > 'complete'",
    at(1, 'texts are neither less nor more (wrong_value) → compare by ==, != or in'),
  ],
  [
    'a number as a condition',
    'steps.a.written',
    at(1, 'a number is no condition (wrong_value) → compare it: … > 0'),
  ],
  [
    'a text as a condition',
    '!steps.a.outcome',
    at(2, "a text is no condition (wrong_value) → compare it: … == 'complete'"),
  ],
  [
    'an instant as a condition',
    'firing.time',
    at(1, 'an instant is no condition (wrong_value) → compare it with something'),
  ],
  [
    'an instant and a number',
    'firing.end > 5',
    at(1, `an instant is compared with a number (wrong_value) → ${instants}`),
  ],
  [
    'an instant that is none',
    "firing.end > '2026-02-30T00:00:00Z'",
    at(14, "not an instant (wrong_value) → one looks like '2026-12-01T06:00:00Z'"),
  ],
  [
    'a weekday that there is not',
    "firing.weekday in ['SAT', 'SONNTAG']",
    at(27, 'it is never "SONNTAG" (wrong_value) → one of: MON, TUE, WED, THU, FRI, SAT, SUN'),
  ],
  [
    'a list of other things',
    "firing.hour in [1, 'x']",
    at(20, 'a number is compared with a text (wrong_value) → a number stands without quotes'),
  ],
  [
    'two fixed sides',
    "'a' == 'a'",
    at(1, "both sides are fixed (wrong_value) → compare with steps['name'].… or firing.…"),
  ],
  ['null in order', 'steps.a.written < null', at(1, 'a number is compared with null (wrong_value)')],
];

describe('of the mistakes in a condition', () => {
  test.each(conditions)('%s is named with its place', async (_name, condition, problems) => {
    expect(await problemsOf(when(JSON.stringify(condition)))).toEqual(problems);
  });
});

describe('a condition without mistakes', () => {
  test.each([
    ['steps.a.written > 0 && firing.hour < 6'],
    ["steps['a'].outcome in ['complete', 'rejects'] || firing.weekday == 'SUN'"],
    ['firing.start != null && firing.start < firing.end'],
    ["firing.time >= '2026-12-01T06:00:00Z'"],
    ['true'],
    ['!(steps.a.rejected == 0)'],
  ])('may have the condition %s', async (condition) => {
    expect(await problemsOf(when(JSON.stringify(condition)))).toEqual([]);
  });

  test('may look at what calls gave and how steps failed', async () => {
    const text =
      after(`  - { call: c, run: [x], input: { n: "{{ steps['a'].written }}", at: "{{ firing.end }}" } }
  - wait: w
    for: 90s
    when: steps.c.output.rows[0] > 5 && steps.c.output.ok
    retry: { attempts: 2, on: [throttled, call_failed] }
    onFailure:
      then: continue
      steps:
        - { call: d, run: [y], input: "{{ steps['w'].error.message }}", when: "steps.w.error.code == 'timeout'" }
        - { call: e, run: [y], when: steps.d.outcome == 'skipped' }
  - verify: v
    of: [a]
    sample: 10`);
    expect(await problemsOf(text)).toEqual([]);
  });
});
