import type { KeyValues, Source } from '../../connectors/connector.js';
import type { Intent, StepPast } from '../journal.js';

/**
 * The batch of an earlier run between whose positions a row lies: what was read there then had the row, if it was
 * there. By halves, so that few questions are asked. Undefined where no batch of the run came so far. `ranged` sources.
 */
export async function batchOfRow(
  source: Source,
  key: KeyValues,
  past: StepPast,
): Promise<Intent | undefined> {
  for (const part of past.parts ?? []) {
    const intents = past.intents.filter((intent) => intent.part === part.id && intent.to !== undefined);
    const last = intents.at(-1)?.to;
    if (last === undefined) continue;
    const liesUpTo = async (through: string): Promise<boolean> =>
      (await source.find(key, { part, through })) !== undefined;
    if (!(await liesUpTo(last))) continue;
    const ordered = intents.toSorted((one, other) => one.sequence - other.sequence);
    let [low, high] = [0, ordered.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (await liesUpTo(ordered[middle]?.to ?? '')) high = middle;
      else low = middle + 1;
    }
    return ordered[low];
  }
  return undefined;
}
