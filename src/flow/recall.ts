import type { Declaration } from '../declare/declaration.js';
import { histories } from '../journal/runs.js';
import type { Logs, PipelineState } from '../journal/state.js';
import type { Firing } from '../values/firing.js';
import type { World } from './scope.js';
import { doneWindows } from './windows.js';

/** What commands read by that look at what runs did: what each copy last acted for, and where it has come to. */
export async function lookingBack(
  { steps }: Declaration,
  { runs }: Pick<PipelineState, 'runs'>,
): Promise<Required<Pick<World, 'recalled' | 'windows'>>> {
  const isUsed = JSON.stringify(steps, (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  ).includes('{{');
  return {
    recalled: isUsed ? await lastFirings(runs) : new Map(),
    windows: doneWindows(runs),
  };
}

/** For each copy what the newest run acted for that completed it; else the newest that had a part in it. */
async function lastFirings(runs: Logs): Promise<ReadonlyMap<string, Firing>> {
  const complete = new Map<string, Firing>();
  const any = new Map<string, Firing>();
  for await (const { firing, steps } of histories(runs)) {
    for (const [step, { result }] of steps) {
      if (!any.has(step)) any.set(step, firing);
      if (result && !complete.has(step)) complete.set(step, firing);
    }
  }
  return new Map([...any, ...complete]);
}
