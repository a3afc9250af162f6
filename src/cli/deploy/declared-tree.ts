import type { NamedStep, Step } from '../../declare/declaration.js';
import type { TreeLine } from '../step-tree.js';

const kinds: Readonly<Partial<Record<NamedStep['kind'], TreeLine['kind']>>> = {
  copy: 'rows',
  replicate: 'changes',
  export: 'export',
};

/**
 * The steps as progress draws them, of a flow that is planned elsewhere. Copies of a step with `tables` are not known here: their lines
 * come when they begin.
 */
export function declaredTree(steps: readonly Step[], indent = ''): readonly TreeLine[] {
  return steps.flatMap((step): readonly TreeLine[] => {
    if (step.kind === 'parallel') return parallelLines(step, indent);
    if (step.kind === 'copy' && step.from.tables !== undefined) return [];
    const { name, kind } = step;
    const pace = kind === 'copy' ? step.pace.items : undefined;
    const line = { name, label: indent + name, kind: kinds[kind] ?? 'plain', state: 'waiting' };
    return [pace === undefined ? line : { ...line, pace }];
  });
}

function parallelLines(
  { path, limit, branches }: Extract<Step, { readonly kind: 'parallel' }>,
  indent: string,
): readonly TreeLine[] {
  const label = `${indent}parallel${limit === undefined ? '' : `, ${limit} at once`}`;
  const lines = branches.flatMap((branch) =>
    declaredTree(branch).map((line, index) => ({
      ...line,
      label: `${indent}${index === 0 ? '├ ' : '│ '}${line.label}`,
    })),
  );
  return [{ name: path, label, kind: 'plain', state: '' }, ...lines];
}
