import type { NamedStepKind } from '../expression/fields.js';
import type { DocumentPath } from './document-path.js';
import { formatPath } from './document-path.js';
import type { Report } from './report.js';
import { didYouMean } from './suggestion.js';

/** The steps that have certainly ended before another. */
export type Ended = ReadonlyMap<string, { readonly kind: NamedStepKind; readonly failed?: true }>;

/** The names of all steps of a pipeline, wherever they stand. */
export class StepNames {
  readonly #report: Report;
  /** The path of the first step with each name. */
  readonly #paths = new Map<string, string>();

  constructor(report: Report) {
    this.#report = report;
  }

  claim(name: string, kind: NamedStepKind, path: DocumentPath): void {
    const first = this.#paths.get(name);
    if (first === undefined) {
      this.#paths.set(name, formatPath(path));
      return;
    }
    const message = `two steps are named "${name}"`;
    this.#report.add([...path, kind], { code: 'repeated_name', message, hint: `the other one is ${first}` });
  }

  /** What is wrong with naming a step that is not among those that have ended. Ask when all names are claimed. */
  unknown(name: string, ended: Ended): { readonly message: string; readonly hint?: string } {
    const known = this.#paths.get(name);
    const names = [...ended.keys()];
    const hint =
      names.length > 0 ? `steps that have ended by then: ${names.join(', ')}` : 'no step has ended by then';
    if (known !== undefined) {
      return { message: `step "${name}" (${known}) is not sure to have ended before this one`, hint };
    }
    return { message: `no step is named "${name}"${didYouMean(name, names)}`, hint };
  }
}
