import { innerSteps, type Step } from '../../declare/declaration.js';

/** Leaves room for what stands behind a label in a state's name, which has at most 80 characters. */
const MAX_LENGTH = 64;

/** Names that mean something to ASL itself, to those who look for them at any depth, or to JavaScript. */
const taken = new Set([
  'Begin',
  'End',
  'States',
  'StartAt',
  'Next',
  'Default',
  'Parameters',
  'ResultSelector',
  '__proto__',
]);

/**
 * What each step is called in a state machine: its state's name, and the key under which its result lies. Letters,
 * digits, `_`, `-` and spaces only, so that it can stand in any path; unique; nearly always the step's own name.
 */
export class Labels {
  readonly #ofSteps = new Map<Step, string>();
  readonly #ofNames = new Map<string, string>();
  readonly #used = new Set<string>();
  #parallels = 0;

  constructor(steps: readonly Step[]) {
    this.#add(steps);
  }

  /** Throws for a step that is none of the machine's: a bug. */
  of(step: Step): string {
    return known(this.#ofSteps.get(step));
  }

  ofName(name: string): string {
    return known(this.#ofNames.get(name));
  }

  /** Those of all steps that have a result, by the steps' names, in the order of the document. */
  named(): ReadonlyMap<string, string> {
    return this.#ofNames;
  }

  #add(steps: readonly Step[]): void {
    for (const step of steps) {
      const wanted = step.kind === 'parallel' ? `parallel ${++this.#parallels}` : step.name;
      const label = this.#unique(safe(wanted));
      this.#ofSteps.set(step, label);
      if (step.kind !== 'parallel') this.#ofNames.set(step.name, label);
      this.#add(innerSteps(step));
    }
  }

  #unique(wanted: string): string {
    let label = wanted;
    for (let number = 2; this.#used.has(label); number++) {
      const ending = ` ${number}`;
      label = wanted.slice(0, MAX_LENGTH - ending.length) + ending;
    }
    this.#used.add(label);
    return label;
  }
}

function safe(name: string): string {
  const signs = name.replaceAll(/[^A-Za-z0-9_ -]/g, '_').slice(0, MAX_LENGTH);
  return taken.has(signs) || signs.trim() === '' ? `${signs}_step` : signs;
}

function known(label: string | undefined): string {
  if (label === undefined) throw new Error('a step without a label');
  return label;
}
