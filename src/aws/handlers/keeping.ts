import { SluiceError } from '../../errors.js';
import type { Deployed, WorkAbout } from './deployed.js';
import { type Keepable, KeptOpen, type Open } from './kept-open.js';

/** What came of an event; `failure`: of a part of it, which is to come again. */
export interface Used<Result> {
  readonly result: Result;
  readonly failure?: { readonly error: unknown } | undefined;
}

export type Keeping<Kept extends Keepable> = <Result>(
  deployed: Deployed,
  about: Pick<WorkAbout, 'time'>,
  use: (kept: Kept) => Promise<Used<Result>>,
) => Promise<Result>;

/** Uses what a function keeps from one event to the next, until something fails that is no row's fault. */
export function keeping<Kept extends Keepable>(open: Open<Kept>): Keeping<Kept> {
  const all = new KeptOpen(open);
  return async (deployed, about, use) => {
    try {
      return await all.use(deployed, about, async (kept) => {
        const { result, failure } = await use(kept);
        if (failure && !isOfRows(failure.error)) await all.giveBack(deployed);
        return result;
      });
    } catch (error) {
      if (!isOfRows(error)) await all.giveBack(deployed);
      throw error;
    }
  };
}

/** What is opened in a run, which is closed behind it, and where it cannot be opened. */
export async function within<Opened extends Keepable>(
  run: { close(): Promise<void> },
  open: () => Promise<Opened>,
): Promise<Opened> {
  try {
    const opened = await open();
    return {
      ...opened,
      close: async () => {
        await opened.close();
        await run.close();
      },
    };
  } catch (error) {
    await run.close();
    throw error;
  }
}

/** It says nothing against connections. */
function isOfRows(error: unknown): boolean {
  return codeOf(error) === 'rejects_exceeded';
}

/** For the log. */
export function codeOf(error: unknown): string {
  return error instanceof SluiceError ? error.code : 'bug';
}
