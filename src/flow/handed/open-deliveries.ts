import type { Store } from '../../connectors/store.js';
import type { ReplicateStep } from '../../declare/declaration.js';
import { SluiceError } from '../../errors.js';
import type { LoadConnector } from '../connections.js';
import { copyOf } from '../replicate-copy.js';
import { openScope, type World } from '../scope.js';

/** Below what a delivery stream puts the changes of a step, and what it could not have transformed. */
export function deliveredPrefix(step: string): string {
  return `changes/${step}/`;
}

export function failedPrefix(step: string): string {
  return `errors/${step}/`;
}

/** A bucket of a deployed pipeline, as a store of all that is in it. */
export async function openBucket(
  world: World,
  {
    step,
    bucket,
    load,
  }: { readonly step: ReplicateStep; readonly bucket: string; readonly load: LoadConnector },
): Promise<Store> {
  const { context } = openScope(world, copyOf(step), step.name);
  const connector = await load('s3');
  const store = connector.connect({ kind: 's3', bucket }, context).store?.(context);
  if (!store) throw new SluiceError('bug', 'a bucket is a store');
  return store;
}

/** A delivery stream names objects by the hour, UTC, in which their first record came: `2026/11/21/15/…`. */
const hourOf = /^(\d{4})\/(\d\d)\/(\d\d)\/(\d\d)\//;
const HOUR_MS = 3_600_000;

/**
 * Whether an object, by its name behind the prefix, lies there for so long that its message should have been answered. What is
 * named otherwise was put there by somebody.
 */
export function isLeft(name: string, nowMs: number): boolean {
  const [, year, month, day, hour] = hourOf.exec(name) ?? [];
  if (year === undefined) return true;
  const beganMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour));
  return nowMs >= beganMs + 2 * HOUR_MS;
}
