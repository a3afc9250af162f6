import { type Execution, Executions } from '../../aws/deploy/executions.js';
import { SluiceError } from '../../errors.js';
import type { RunHistory } from '../../journal/runs.js';
import type { Io } from '../io.js';
import type { OnOption } from '../on-option.js';
import { callContext } from './chosen-assembly.js';

/** As a run here would be called. */
const words: Readonly<Partial<Record<Execution['status'], string>>> = {
  RUNNING: 'under way',
  PENDING_REDRIVE: 'under way',
  FAILED: 'stopped',
  TIMED_OUT: 'stopped',
  ABORTED: 'interrupted',
};

/** What a command needs to know how runs of a deployed pipeline ended, where `--on aws` asks for it. */
export function endingsOn(
  { on }: OnOption,
  io: Io,
): { readonly endingOf?: (history: RunHistory) => Promise<string | undefined> } {
  return on === 'aws' ? { endingOf: (history) => executionEnding(history, io) } : {};
}

/** What has become of a run whose journal has no end: nobody notes that an execution has failed, but Step Functions knows. */
async function executionEnding(history: RunHistory, io: Io): Promise<string | undefined> {
  const { execution, end } = history;
  if (execution === undefined || end !== undefined) return undefined;
  const machine = execution.replace(/:execution:(.+):[^:]+$/, ':stateMachine:$1');
  const context = callContext(new AbortController().signal);
  const executions = new Executions(machine, { env: io.env, context });
  try {
    return words[(await executions.look(execution)).status];
  } catch (error) {
    // AWS forgets executions after 90 days, and those of a machine that was deleted.
    if (error instanceof SluiceError && error.code === 'stack_missing') return undefined;
    throw error;
  } finally {
    await executions.close();
  }
}
