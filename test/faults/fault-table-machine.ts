import { clockArrangement, JUMP_SIGNAL } from './clock-jump.js';
import type { CopyVariant, Deed, Direction, FaultKind, Target } from './fault-kind.js';
import { fillDisk, hasBegun, smallDisk, whyNoSmallDisk } from './small-disk.js';

/** Calls and statements that carry rows into the sink. */
const writes: Readonly<Record<Direction, RegExp>> = {
  'from MySQL': /^BatchWriteItem$/,
  'into MySQL': /^LOAD DATA/,
};

function signalled(name: string, ends: FaultKind['ends'], act: Deed['act']): FaultKind {
  return { name, ends, disturb: (direction) => ({ deed: { on: writes[direction], nth: 2, act } }) };
}

function jumped(name: string, hours: number): FaultKind {
  return {
    name,
    ends: 'complete',
    disturb: (direction) => ({
      arrange: () => clockArrangement(hours),
      deed: {
        on: writes[direction],
        nth: 1,
        act: ({ child }) => {
          child.kill(JUMP_SIGNAL);
        },
      },
    }),
  };
}

function diskFull(name: string, variant: (direction: Direction) => CopyVariant | undefined): FaultKind {
  return {
    name,
    ends: ['state_unusable'],
    missing: whyNoSmallDisk,
    disturb: (direction) => {
      const copy = variant(direction);
      if (!copy) return undefined;
      return {
        copy,
        arrange: smallDisk,
        // From the first record of the journal on: before it, nothing is begun.
        deed: { on: /./, nth: 1, ready: ({ state }) => hasBegun(state), act: ({ state }) => fillDisk(state) },
      };
    },
  };
}

/** Many parts: the journal grows beyond the block that it has. */
const manyParts: Readonly<Record<Direction, CopyVariant>> = {
  'from MySQL': { from: { consistency: 'part' }, step: { parallel: 32 } },
  'into MySQL': { step: { parallel: 32 } },
};

/** Some values of `odd` are no numbers. */
const rejecting: CopyVariant = { step: { map: { as: { odd: 'int' } }, rejects: { limit: 1000 } } };

function stop({ child }: Target): void {
  child.kill('SIGSTOP');
  setTimeout(() => child.kill('SIGCONT'), 700);
}

export const machineKinds: readonly FaultKind[] = [
  diskFull('the disk is full at the journal', (direction) => manyParts[direction]),
  diskFull('the disk is full at the rejects', () => rejecting),
  diskFull('the disk is full at the scratch files', (direction) =>
    direction === 'from MySQL' ? { to: { mode: 'mirror' } } : undefined,
  ),
  jumped('the clock jumps forward by hours', 5),
  jumped('the clock jumps back by hours', -5),
  signalled('the program is stopped and goes on (SIGSTOP, SIGCONT)', 'complete', stop),
  signalled('SIGTERM', 'signal', ({ child }) => {
    child.kill('SIGTERM');
  }),
  signalled('a second SIGTERM', 'signal', ({ child }) => {
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGTERM'), 30);
  }),
  signalled('SIGKILL', 'signal', async ({ child }) => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }),
];
