import { allSteps, type PlannedStep } from '../flow/plan.js';

/** A line of the tree of steps, as progress draws it. */
export interface TreeLine {
  /** Of the step, or of one copy; of a parallel step its path. */
  readonly name: string;
  /** The name with the lines of the tree before it. */
  readonly label: string;
  /** Whether rows move, or changes, or a service is at work. */
  readonly kind: 'rows' | 'changes' | 'export' | 'plain';
  /** What it does before it begins; '' where it may never. */
  readonly state: string;
  /** Rows a second that are allowed. */
  readonly pace?: number;
}

/** The steps in the order of the document: nested ones are indented, a branch begins with ├. */
export function stepTree(steps: readonly PlannedStep[], indent = ''): readonly TreeLine[] {
  return steps.flatMap((step) => linesOf(step, indent));
}

/** The lines of what runs after a failure only. */
export function failureTree(steps: readonly PlannedStep[]): readonly TreeLine[] {
  return allSteps(steps).flatMap(({ onFailure }) => stepTree(onFailure, '  on failure: '));
}

function linesOf(planned: PlannedStep, indent: string): readonly TreeLine[] {
  switch (planned.kind) {
    case 'copy':
      return planned.copies.map(({ name, step }) => ({
        name,
        label: indent + name,
        kind: 'rows',
        state: 'waiting',
        ...(step.pace.items === undefined ? {} : { pace: step.pace.items }),
      }));
    case 'replicate':
      return [...planned.copies, planned.replicate].map(({ name, step }) => ({
        name,
        label: indent + name,
        kind: step.kind === 'copy' ? 'rows' : 'changes',
        state: 'waiting',
        ...(step.pace.items === undefined ? {} : { pace: step.pace.items }),
      }));
    case 'export': {
      const { name } = planned.step;
      return [{ name, label: indent + name, kind: 'export', state: 'waiting' }];
    }
    case 'parallel': {
      const { path, limit } = planned.step;
      const label = `${indent}parallel${limit === undefined ? '' : `, ${limit} at once`}`;
      const branches = planned.branches.flatMap((branch) =>
        stepTree(branch, '').map((line, index) => ({
          ...line,
          label: `${indent}${index === 0 ? '├ ' : '│ '}${line.label}`,
        })),
      );
      return [{ name: path, label, kind: 'plain', state: '' }, ...branches];
    }
    default:
      return [
        { name: planned.step.name, label: indent + planned.step.name, kind: 'plain', state: 'waiting' },
      ];
  }
}
