import { SluiceError } from '../errors.js';

/** What went wrong with a file of `Context.scratch`, which holds digests and no values: mostly, the disk is full. */
export function scratchFailure(path: string, cause: unknown): SluiceError {
  const reason = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new SluiceError('state_unusable', `the scratch file ${path} cannot be written${reason}`, {
    hint: 'free space, or name another folder with --state',
    cause,
  });
}
