import * as z from 'zod';
import type { NamedStepKind } from '../expression/fields.js';
import { type Reading, readWhen } from './conditions.js';
import type { ConnectionKinds } from './connections.js';
import type { GivenSchema } from './contents.js';
import { checkCopy } from './copy-step.js';
import type { FailureBranch, NamedStep, ParallelStep, Step } from './declaration.js';
import { type DocumentPath, formatPath } from './document-path.js';
import { checkExport, sayExportPlaces } from './export-step.js';
import { claimPlace } from './file-places.js';
import { checkCall, checkVerify, checkWait } from './flow-steps.js';
import { checked } from './issues.js';
import { checkReplicate } from './replicate-step.js';
import type { Report } from './report.js';
import { retryDeclaration } from './retry-declaration.js';
import { branchLimit } from './schema/branch-limit.js';
import { stepFields } from './schema/step-fields.js';
import { type Ended, StepNames } from './step-scope.js';
import { nearest } from './suggestion.js';
import { isMapping } from './unsupported.js';
import { claimQueue } from './via.js';
import { kindOf } from './wording.js';

type Options = Readonly<Record<string, unknown>>;

/** Some of the steps of a document, with those that have certainly ended behind them. */
interface Read<T> {
  /** Those that are right; the report is told of the others. */
  readonly right: T;
  readonly ended: Ended;
}

/** Reads all steps of a document. Their schemas have yet to be read. */
export function readSteps(
  values: readonly unknown[],
  kinds: ConnectionKinds,
  connections: unknown,
  report: Report,
): { readonly steps: readonly Step[]; readonly schemas: readonly GivenSchema[] } {
  const reading: Reading = { report, names: new StepNames(report), pending: [], schemas: [] };
  const { right } = new StepReader(kinds, isMapping(connections) ? connections : {}, reading).series(
    values,
    ['steps'],
    new Map(),
  );
  for (const check of reading.pending) check();
  return { steps: right, schemas: reading.schemas };
}

/** Reads steps one after the other and knows which have ended before each. */
class StepReader {
  readonly #kinds: ConnectionKinds;
  /** As they were written. */
  readonly #connections: Options;
  readonly #reading: Reading;
  /** Queues, and the steps that go through them. */
  readonly #queues = new Map<string, string>();
  /** Places of exports, also those that copies write, and the steps that export there. */
  readonly #places = new Map<string, string>();

  constructor(kinds: ConnectionKinds, connections: Options, reading: Reading) {
    this.#kinds = kinds;
    this.#connections = connections;
    this.#reading = reading;
  }

  series(values: readonly unknown[], path: DocumentPath, ended: Ended): Read<Step[]> {
    const right: Step[] = [];
    let before = ended;
    for (const [index, value] of values.entries()) {
      const read = this.#step(value, [...path, index], before);
      if (read.right) right.push(read.right);
      before = read.ended;
    }
    return { right, ended: before };
  }

  #step(value: unknown, path: DocumentPath, ended: Ended): Read<Step | undefined> {
    const { report } = this.#reading;
    const nothing = { right: undefined, ended };
    if (!isMapping(value)) {
      const message = `expected a step, not ${kindOf(value)}`;
      report.add(path, { code: 'wrong_type', message, hint: stepHint });
      return nothing;
    }
    const kind = namedKinds.find((each) => value[each] !== undefined);
    const hasEnds = kind === 'copy' || kind === 'replicate' || kind === 'export';
    if (hasEnds || (kind && !isNamelessCopy(value))) return this.#named(kind, value, path, ended);
    if (value['parallel'] !== undefined && !isNamelessCopy(value)) return this.#parallel(value, path, ended);
    this.#sayNoKind(value, path);
    return nothing;
  }

  #named(kind: NamedStepKind, value: Options, path: DocumentPath, ended: Ended): Read<Step | undefined> {
    const name = value[kind];
    const isNamed = typeof name === 'string';
    if (isNamed) this.#reading.names.claim(name, kind, path);
    const step = this.#ofKind(kind, value, path, ended);
    const failed = isNamed ? new Map([...ended, [name, { kind, failed: true as const }]]) : ended;
    const around = this.#around(value, path, ended, failed);
    return {
      right: step && { ...step, ...around },
      ended: isNamed ? new Map([...ended, [name, { kind }]]) : ended,
    };
  }

  #ofKind(kind: NamedStepKind, value: Options, path: DocumentPath, ended: Ended): NamedStep | undefined {
    switch (kind) {
      case 'copy': {
        const copy = checkCopy(value, path, this.#kinds, this.#reading);
        if (copy) {
          claimQueue(copy, path, this.#queues, this.#reading.report);
          claimPlace(copy, path, this.#connections, this.#places, this.#reading.report);
        }
        return copy;
      }
      case 'replicate':
        return checkReplicate(value, path, this.#kinds, this.#reading);
      case 'export': {
        const { report } = this.#reading;
        sayExportPlaces(value, path, this.#connections, this.#places, report);
        return checkExport(value, path, this.#kinds, this.#reading);
      }
      case 'wait':
        return checkWait(value, path, this.#reading);
      case 'verify':
        return checkVerify(value, path, ended, this.#reading);
      case 'call':
        return checkCall(value, path, ended, this.#reading);
    }
  }

  /** When a step runs, and what follows its failure. */
  #around(value: Options, path: DocumentPath, ended: Ended, failed: Ended): Pick<Step, 'when' | 'onFailure'> {
    const when = readWhen(value['when'], [...path, 'when'], ended, this.#reading);
    const onFailure = this.#failure(value['onFailure'], [...path, 'onFailure'], failed);
    return { ...(when && { when }), ...(onFailure && { onFailure }) };
  }

  /** A list of steps, one step, or both with what follows them. */
  #failure(value: unknown, path: DocumentPath, ended: Ended): FailureBranch | undefined {
    if (value === undefined) return undefined;
    if (!isMapping(value) || value['steps'] === undefined) {
      const { right: steps } = this.#branch(value, path, ended);
      return failureBranch(steps);
    }
    const shape = checked(failureShape, value, path, this.#reading.report);
    const steps = this.#branch(value['steps'], [...path, 'steps'], ended).right;
    return shape && failureBranch(steps, shape.then);
  }

  #parallel(value: Options, path: DocumentPath, ended: Ended): Read<ParallelStep | undefined> {
    const shape = checked(parallelShape, value, path, this.#reading.report);
    const given = Array.isArray(value['parallel']) ? value['parallel'] : [];
    const read = given.map((branch, index) => this.#branch(branch, [...path, 'parallel', index], ended));
    const around = this.#around(value, path, ended, ended);
    const after = new Map(read.flatMap((branch) => [...branch.ended]));
    if (!shape) return { right: undefined, ended: after };
    const { limit } = shape;
    const right: ParallelStep = {
      kind: 'parallel',
      path: formatPath(path),
      retry: retryDeclaration(shape),
      ...around,
      branches: read.map((branch) => branch.right),
      ...(limit !== undefined && { limit }),
    };
    return { right, ended: after };
  }

  /** A list of steps, or one. */
  #branch(value: unknown, path: DocumentPath, ended: Ended): Read<Step[]> {
    if (!Array.isArray(value)) {
      const read = this.#step(value, path, ended);
      return { right: read.right ? [read.right] : [], ended: read.ended };
    }
    if (value.length === 0)
      this.#reading.report.add(path, { code: 'wrong_value', message: 'the list is empty' });
    return this.series(value, path, ended);
  }

  #sayNoKind(value: Options, path: DocumentPath): void {
    const { report } = this.#reading;
    if (isNamelessCopy(value)) {
      report.add([...path, 'copy'], { code: 'missing_field', message: '`copy` is missing', hint: stepHint });
      return;
    }
    for (const field of Object.keys(value)) {
      const kind = nearest(field, [...namedKinds, 'parallel']);
      if (kind === undefined) continue;
      const message = `unknown field "${field}"; did you mean "${kind}"?`;
      report.add([...path, field], { code: 'unknown_field', message, hint: stepHint, at: 'key' });
      return;
    }
    report.add(path, { code: 'missing_field', message: 'a step without a kind', hint: stepHint });
  }
}

function failureBranch(steps: readonly Step[], after: FailureBranch['then'] = 'stop'): FailureBranch {
  // biome-ignore lint/suspicious/noThenProperty: the declaration's word; no value of it can be called
  return { steps, then: after };
}

const namedKinds = [
  'copy',
  'replicate',
  'export',
  'wait',
  'verify',
  'call',
] as const satisfies readonly NamedStepKind[];

/** What has ends is a copy, although it does not say so. */
function isNamelessCopy(value: Options): boolean {
  return value['from'] !== undefined && value['to'] !== undefined && !Array.isArray(value['parallel']);
}

const stepHint =
  'a step is { copy: NAME, from: …, to: … }, { replicate: NAME, from: …, to: … }, { export: NAME, from: …, to: … }, { parallel: [ … ] }, { wait: NAME, … }, { verify: NAME, … } or { call: NAME, … }';

const parallelShape = z.strictObject({
  ...stepFields,
  parallel: z.array(z.unknown()).min(1),
  limit: branchLimit,
  onFailure: z.unknown().optional(),
});

const failureShape = z.strictObject({
  steps: z.unknown(),
  // biome-ignore lint/suspicious/noThenProperty: the declaration's word; no value of it can be called
  then: z.enum(['stop', 'continue']).optional(),
});
