import type { CopyStep } from '../declare/declaration.js';
import { sinkTableName } from './table-names.js';

/** One of the copies that a step with `tables` stands for. */
export interface SingleCopy {
  readonly name: string;
  /** The step as if it had been written for this one table. */
  readonly step: CopyStep;
}

/** The copy of one table of a step with `tables`. */
export function singleCopy(step: CopyStep, table: string): SingleCopy {
  const { tables = [], ...from } = step.from;
  return {
    name: `${step.name}.${table}`,
    step: {
      ...step,
      from: { ...from, table },
      to: { ...step.to, table: sinkTableName(step.to.table, table, tables) },
    },
  };
}

/** The copy that a name stands for: a step, or one table of a step with `tables`; undefined if there is none. */
export function copyNamed(steps: readonly CopyStep[], name: string): SingleCopy | undefined {
  const exact = steps.find((step) => step.name === name && step.from.tables === undefined);
  if (exact) return { name, step: exact };
  const many = steps.find((step) => step.from.tables !== undefined && name.startsWith(`${step.name}.`));
  return many && singleCopy(many, name.slice(many.name.length + 1));
}
