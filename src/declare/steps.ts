import { z } from 'zod';
import type { ConnectionKinds } from './connections.js';
import { checkCopy } from './copy-step.js';
import type { ParallelStep, Step } from './declaration.js';
import { type DocumentPath, formatPath } from './document-path.js';
import { checked } from './issues.js';
import type { Report } from './report.js';
import { branchLimit } from './schema/branch-limit.js';
import { nearest } from './suggestion.js';
import { isMapping, laterFields, laterSteps, sayUnsupported, withoutLaterFields } from './unsupported.js';
import { kindOf } from './wording.js';

/** Reads steps one after the other and remembers their names. */
export class StepReader {
  readonly #kinds: ConnectionKinds;
  readonly #report: Report;
  /** The path of the first step with each name. */
  readonly #names = new Map<string, string>();

  constructor(kinds: ConnectionKinds, report: Report) {
    this.#kinds = kinds;
    this.#report = report;
  }

  /** The steps of a series that are right; the report is told of the others. */
  series(values: readonly unknown[], path: DocumentPath): Step[] {
    return values.flatMap((value, index) => this.#step(value, [...path, index]) ?? []);
  }

  #step(value: unknown, path: DocumentPath): Step | undefined {
    if (!isMapping(value)) {
      const message = `expected a step, not ${kindOf(value)}`;
      this.#report.add(path, { code: 'wrong_type', message, hint: stepHint });
      return undefined;
    }
    if (value['copy'] !== undefined) {
      this.#claimName(value['copy'], path);
      return checkCopy(value, path, this.#kinds, this.#report);
    }
    const later = laterSteps.find((field) => value[field] !== undefined);
    if (later !== undefined) {
      sayUnsupported(`a step of kind ${later}`, [...path, later], this.#report);
      return undefined;
    }
    if (value['parallel'] !== undefined && !isNamelessCopy(value)) return this.#parallel(value, path);
    this.#sayNoKind(value, path);
    return undefined;
  }

  #parallel(value: Readonly<Record<string, unknown>>, path: DocumentPath): ParallelStep | undefined {
    const known = withoutLaterFields(value, laterFields.parallel, path, this.#report);
    const shape = checked(parallelShape, known, path, this.#report);
    const given = Array.isArray(value['parallel']) ? value['parallel'] : [];
    const branches = given.map((branch, index) => this.#branch(branch, [...path, 'parallel', index]));
    if (!shape) return undefined;
    const { limit } = shape;
    return { kind: 'parallel', path: formatPath(path), branches, ...(limit !== undefined && { limit }) };
  }

  #branch(value: unknown, path: DocumentPath): readonly Step[] {
    if (!Array.isArray(value)) {
      const step = this.#step(value, path);
      return step ? [step] : [];
    }
    if (value.length === 0) this.#report.add(path, { code: 'wrong_value', message: 'the list is empty' });
    return this.series(value, path);
  }

  #claimName(name: unknown, path: DocumentPath): void {
    if (typeof name !== 'string') return;
    const first = this.#names.get(name);
    if (first === undefined) {
      this.#names.set(name, formatPath(path));
      return;
    }
    const message = `two steps are named "${name}"`;
    this.#report.add([...path, 'copy'], {
      code: 'repeated_name',
      message,
      hint: `the other one is ${first}`,
    });
  }

  #sayNoKind(value: Readonly<Record<string, unknown>>, path: DocumentPath): void {
    if (isNamelessCopy(value)) {
      this.#report.add([...path, 'copy'], {
        code: 'missing_field',
        message: '`copy` is missing',
        hint: stepHint,
      });
      return;
    }
    for (const field of Object.keys(value)) {
      const kind = nearest(field, ['copy', 'parallel', ...laterSteps]);
      if (kind === undefined) continue;
      const message = `unknown field "${field}"; did you mean "${kind}"?`;
      this.#report.add([...path, field], { code: 'unknown_field', message, hint: stepHint, at: 'key' });
      return;
    }
    this.#report.add(path, { code: 'missing_field', message: 'a step without a kind', hint: stepHint });
  }
}

/** What has ends is a copy, although it does not say so. */
function isNamelessCopy(value: Readonly<Record<string, unknown>>): boolean {
  return value['from'] !== undefined && value['to'] !== undefined && !Array.isArray(value['parallel']);
}

const stepHint = 'a step is { copy: NAME, from: …, to: … } or { parallel: [ … ] }';

const parallelShape = z.strictObject({ parallel: z.array(z.unknown()).min(1), limit: branchLimit });
