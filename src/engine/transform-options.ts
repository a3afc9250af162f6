import type { CopyStep, ReplicateStep } from '../declare/declaration.js';
import { SchemaCheck } from '../transform/check/schema-check.js';
import type { ContentCheck } from '../transform/contents.js';
import type { MaskKey } from '../transform/mask/mask-key.js';
import type { TransformOptions } from '../transform/transform.js';

/** What a step does to its rows, with its schemas compiled. The key is there wherever the step masks. */
export async function transformOptionsOf({
  step,
  maskKey,
}: {
  readonly step: CopyStep | ReplicateStep;
  readonly maskKey?: MaskKey;
}): Promise<TransformOptions> {
  const { mask, checks = [], ...options } = step.kind === 'replicate' ? ofChanges(step) : step;
  return {
    ...options,
    ...(checks.length > 0 ? { checks: await Promise.all(checks.map(compiled)) } : {}),
    ...(mask && maskKey ? { mask: { columns: mask, key: maskKey } } : {}),
  };
}

async function compiled({ of, schema }: NonNullable<CopyStep['checks']>[number]): Promise<ContentCheck> {
  return { ...(of === undefined ? {} : { of }), schema: await SchemaCheck.of(schema) };
}

/** Where they begin is nothing to the transform: that they are changes is. */
function ofChanges({ changes: _changes, ...step }: ReplicateStep) {
  return { ...step, changes: true as const };
}
