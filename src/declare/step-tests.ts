import type { StepTest } from './declaration.js';
import type { DocumentPath } from './document-path.js';
import type { Report } from './report.js';
import type { StepTestOptions } from './schema/tests.js';
import { isMapping } from './unsupported.js';

/** The tests of a step; single items and rejects have become lists. */
export function readTests(
  tests: readonly StepTestOptions[] | undefined,
  path: DocumentPath,
  report: Report,
): { readonly tests?: readonly StepTest[] } {
  if (!tests) return {};
  for (const [index, { given, rows, rejects }] of tests.entries()) {
    const place = [...path, 'tests', index];
    sayFractions(given, [...place, 'given'], report);
    sayFractions(rows, [...place, 'rows'], report);
    if (rows !== undefined || rejects !== undefined) continue;
    const message = 'the test expects nothing: neither `rows` nor `rejects`';
    report.add(place, { code: 'missing_field', message, hint: 'rows: { id: 1 }, or rejects: check_failed' });
  }
  return { tests: tests.map(stepTest) };
}

function stepTest({ name, given, columns, change, rows, rejects }: StepTestOptions): StepTest {
  return {
    name,
    given: itemsOf(given),
    ...(columns && { columns }),
    ...(change && { change: change as NonNullable<StepTest['change']> }),
    rows: rows === undefined ? [] : itemsOf(rows),
    rejects: rejects === undefined ? [] : rejectsOf(rejects),
  };
}

type Items = NonNullable<StepTestOptions['rows']>;
type Rejects = NonNullable<StepTestOptions['rejects']>;

function itemsOf(items: Items): StepTest['given'] {
  return Array.isArray(items) ? items : [items as StepTest['given'][number]];
}

function rejectsOf(rejects: Rejects): StepTest['rejects'] {
  const list = Array.isArray(rejects) ? rejects : [rejects];
  return list.map((one) => (typeof one === 'string' ? { code: one } : one) as StepTest['rejects'][number]);
}

/** Data never passes through a double (docs/decisions/20261121-numbers-in-declarations.md). */
function sayFractions(value: unknown, path: DocumentPath, report: Report): void {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    const hint = 'write { N: "10.5" }, or the text where the column has a type';
    report.add(path, { code: 'wrong_value', message: 'a number that a double may not hold exactly', hint });
  }
  if (Array.isArray(value))
    for (const [index, part] of value.entries()) sayFractions(part, [...path, index], report);
  else if (isMapping(value)) {
    for (const [name, part] of Object.entries(value)) sayFractions(part, [...path, name], report);
  }
}
