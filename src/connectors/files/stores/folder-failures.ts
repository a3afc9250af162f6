import { type ErrorCode, type Retry, SluiceError } from '../../../errors.js';

interface Failure {
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly message: string;
  readonly hint?: string;
}

const full: Failure = {
  code: 'disk_full',
  retry: 'never',
  message: 'there is no room',
  hint: 'free space, then run again: what was written whole is kept',
};
const denied: Failure = {
  code: 'access_denied',
  retry: 'never',
  message: 'this user may not',
  hint: "check the folder's owner and mode, and that its file system is not mounted read-only",
};
const inTheWay: Failure = {
  code: 'unsupported',
  retry: 'never',
  message: 'a file is where a folder is needed, or a folder where a file is',
  hint: 'move it away, or name another folder',
};
const tooMany: Failure = { code: 'server_error', retry: 'later', message: 'too many files are open' };
const passing: Failure = { code: 'server_error', retry: 'later', message: 'the file system failed' };

/** What a file system says, by the codes of errno(3). */
const byCode: Readonly<Record<string, Failure>> = {
  ENOSPC: full,
  EDQUOT: full,
  EFBIG: { ...full, message: 'the file is too large for its file system', hint: 'have smaller files' },
  EACCES: denied,
  EPERM: denied,
  EROFS: denied,
  ENOTDIR: inTheWay,
  EISDIR: inTheWay,
  ENOTEMPTY: inTheWay,
  ELOOP: { ...inTheWay, message: 'symbolic links lead in a circle' },
  ENAMETOOLONG: {
    code: 'unsupported',
    retry: 'never',
    message: 'a name is longer than the file system takes',
    hint: 'have shorter names of tables or of the folder',
  },
  EMFILE: tooMany,
  ENFILE: tooMany,
  EIO: passing,
  EBUSY: passing,
  ESTALE: passing,
  ETIMEDOUT: passing,
};

/** What went wrong with a file of a store. `name` is the object's, not the whole path. */
export function folderFailure(what: string, name: string, error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const native = errnoOf(error);
  const failure = native !== undefined && Object.hasOwn(byCode, native) ? byCode[native] : undefined;
  if (failure === undefined && native === undefined) throw error;
  const { code, retry, message, hint } = failure ?? { ...passing, retry: 'never' as const };
  const said = `${name === '' ? 'the folder' : name} cannot be ${what}: ${message} (${native})`;
  return new SluiceError(code, said, { retry, cause: error, ...(hint === undefined ? {} : { hint }) });
}

/** `ENOENT`, …; undefined where it is no error of the file system. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  return String(error.code);
}

export function isMissing(error: unknown): boolean {
  const native = errnoOf(error);
  return native === 'ENOENT' || native === 'ENOTDIR';
}
