import { type AccessOptions, type AccountAccess, openAccess } from './account-access.js';
import type { AssemblyStack } from './assembly.js';

type Placed = Pick<AssemblyStack, 'account' | 'region'>;

/** What is used of each account and region that the stacks are for. */
export interface Accesses {
  of(stack: Placed): AccountAccess;
  close(): Promise<void>;
}

/** Opens all of them before anything is done. Throws `account_wrong` where credentials are of another account. */
export async function openAccesses(stacks: readonly Placed[], options: AccessOptions): Promise<Accesses> {
  const opened = new Map<string, AccountAccess>();
  const close = async () => {
    await Promise.all([...opened.values()].map((access) => access.close()));
  };
  try {
    for (const stack of stacks) {
      if (!opened.has(placeOf(stack))) opened.set(placeOf(stack), await openAccess(stack, options));
    }
  } catch (error) {
    await close();
    throw error;
  }
  const of = (stack: Placed): AccountAccess => {
    const access = opened.get(placeOf(stack));
    if (!access) throw new Error(`${placeOf(stack)} was not opened`);
    return access;
  };
  return { of, close };
}

function placeOf({ account, region }: Placed): string {
  return `${account}/${region}`;
}
