import { SluiceError } from '../../errors.js';
import { reportError } from '../errors.js';
import { exitStatus } from '../exit-status.js';
import { onInterrupt } from '../interrupt.js';
import type { Io } from '../io.js';
import type { DeployProgress } from './deploy-progress.js';

export interface Acting {
  readonly io: Io;
  readonly json: boolean;
  readonly progress: DeployProgress;
  /** For the words on how to go on. */
  readonly command: 'deploy' | 'destroy' | 'diff';
}

/**
 * Does something that a signal may end: CloudFormation goes on by itself then. Gives the exit status: 2 where nothing was changed,
 * 4 where something was.
 */
export async function acting(
  { io, json, progress, command }: Acting,
  act: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const interrupt = onInterrupt(io, {
    says: 'CloudFormation finishes what it has begun; once more leaves at once',
  });
  try {
    return await act(interrupt.signal);
  } catch (error) {
    progress.close();
    const status = interrupt.status();
    const shown = status === undefined ? error : interruption(progress, command);
    reportError(shown, io, json);
    const outcome = status !== undefined ? 'interrupted' : progress.hasBegun() ? 'stopped' : 'refused';
    if (json) io.out(JSON.stringify({ event: 'summary', outcome, stacks: [] }));
    if (!(shown instanceof SluiceError)) return exitStatus.bug;
    return status ?? exitStatus[outcome];
  } finally {
    progress.close();
    interrupt.dispose();
  }
}

function interruption(progress: DeployProgress, command: Acting['command']): SluiceError {
  if (!progress.hasBegun()) return new SluiceError('interrupted', 'nothing was changed');
  return new SluiceError('interrupted', 'CloudFormation goes on with what it has begun', {
    hint: `the same sluice ${command} follows it to its end and goes on; aws cloudformation describe-stack-events shows it, too`,
  });
}
