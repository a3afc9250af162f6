import type { Scope } from './carrying.js';
import { type Data, dataAt } from './data.js';
import type { ImportedStep } from './imported-step.js';
import type { ReadState } from './machine-file.js';

const MAX_SECONDS = 31_536_000;

/** A Wait state as a step; none where it waits for nothing, or where for how long cannot be said. */
export function waitStep(
  { carrying }: Scope,
  name: string,
  state: ReadState,
  input: Data,
): readonly ImportedStep[] {
  const seconds = state['Seconds'] ?? constantAt(state['SecondsPath'], input);
  const time = state['Timestamp'] ?? constantAt(state['TimestampPath'], input);
  const step = (fields: object): readonly ImportedStep[] => [
    { state: name, notes: [], fields: { wait: carrying.name(name), ...fields } },
  ];
  if (seconds === 0) return [];
  if (typeof seconds === 'number' && seconds > 0 && seconds <= MAX_SECONDS) return step({ for: seconds });
  const instant = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  if (!Number.isNaN(instant)) return step({ until: new Date(instant).toISOString() });
  carrying.lose(
    name,
    'the Wait state',
    'how long it waits is not a fixed number of seconds up to a year, or a fixed time',
  );
  return [];
}

function constantAt(path: unknown, input: Data): unknown {
  const found = typeof path === 'string' ? dataAt(input, path) : undefined;
  return found?.kind === 'constant' ? found.value : undefined;
}
