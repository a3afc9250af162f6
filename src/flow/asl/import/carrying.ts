import { SluiceError } from '../../../errors.js';
import type { Expression } from '../../../expression/expression.js';
import { joined } from './choice-rule.js';
import type { Data } from './data.js';
import type { ImportedStep, Loss } from './imported-step.js';
import type { Joins } from './joins.js';
import type { ReadMachine } from './machine-file.js';

/** Ways that meet again are taken over once for each: some machines would have no end. */
const MAX_STEPS = 1000;

/** What an import has come to so far. */
export class Carrying {
  readonly losses: Loss[] = [];
  readonly #names = new Set<string>();
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  lose(state: string | undefined, what: string, why: string): void {
    const loss = { ...(state === undefined ? {} : { state }), what, why };
    const isKnown = this.losses.some((each) => JSON.stringify(each) === JSON.stringify(loss));
    if (!isKnown) this.losses.push(loss);
  }

  /** A step's name from a state's: names have letters, digits, _ and -, and are unique. */
  name(state: string): string {
    if (this.#names.size >= MAX_STEPS) {
      throw new SluiceError(
        'state_machine_invalid',
        `${this.#file}: more than ${MAX_STEPS} steps would come of it`,
        {
          hint: 'states to which many ways lead are taken over once for each way',
        },
      );
    }
    const signs =
      state
        .replaceAll(/[^A-Za-z0-9_]+/g, '-')
        .replaceAll(/^-+|-+$/g, '')
        .slice(0, 60) || 'step';
    let name = signs;
    for (let number = 2; this.#names.has(name); number++) name = `${signs}-${number}`;
    this.#names.add(name);
    return name;
  }
}

/** One machine, the whole or a branch. */
export interface Scope {
  readonly carrying: Carrying;
  readonly machine: ReadMachine;
  readonly joins: Joins;
  /** The failure has been told of by what led here: a Fail state is the end, and nothing is lost. */
  readonly failing: boolean;
}

/** What some states have become, and what goes on from there. */
export interface Walked {
  readonly steps: readonly ImportedStep[];
  readonly data: Data;
}

/** Walks from a state up to another, which is left out, or to the end. */
export type Walk = (scope: Scope, from: string | undefined, until: string | undefined, data: Data) => Walked;

/** The steps under a condition: as one step, which several become by standing in a branch. */
export function guarded(when: Expression, steps: readonly ImportedStep[]): readonly ImportedStep[] {
  const [first] = steps;
  if (!first) return [];
  if (steps.length > 1) return [{ notes: [], fields: {}, branches: [steps], when }];
  return [{ ...first, when: first.when ? joined('and', [when, first.when]) : when }];
}
