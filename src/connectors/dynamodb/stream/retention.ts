import { SluiceError } from '../../../errors.js';

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html: "stored for up to 24 hours" */
export const RETENTION_SECONDS = 24 * 60 * 60;
/** Clocks, and times that the service rounds, are trusted to this. */
const DOUBT_SECONDS = 5 * 60;

/**
 * An open shard does not say where it ends, and pages may be empty before it does. So many empty pages in a row are
 * taken for its end. Nothing is lost where there are more: the shard is read on.
 */
export const EMPTY_PAGES = 5;
/** Whether the service certainly still has all that was changed from this moment on. */
export function isKept(sinceMs: number, nowMs: number): boolean {
  return nowMs - sinceMs < (RETENTION_SECONDS - DOUBT_SECONDS) * 1000;
}

export function changesLost(why: string): SluiceError {
  return new SluiceError('changes_lost', `changes are lost: ${why}`, {
    hint: 'DynamoDB keeps changes for 24 hours. Begin anew with --fresh, and copy the table: what was changed in between is in no stream',
  });
}
