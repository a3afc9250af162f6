import { createInterface } from 'node:readline/promises';

/** Asks on the terminal; anything but yes is no. */
export async function askYes(question: string): Promise<boolean> {
  if (process.stdin.isTTY !== true) return false;
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(?:es)?$/i.test((await asking.question(question)).trim());
  } finally {
    asking.close();
  }
}
