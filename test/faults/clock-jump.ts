/** A clock that jumps while the program runs: Date tells another time, the monotonic clock goes on. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Arrangement } from './fault-kind.js';

export const JUMP_SIGNAL = 'SIGUSR2';

/** When the clock jumps. */
type When = 'at the signal' | 'from the start';

function hook(hours: number, when: When): string {
  return `
const Real = Date;
const jumpMs = ${hours} * 3600 * 1000;
let shiftMs = ${when === 'from the start' ? 'jumpMs' : 0};
globalThis.Date = class Date extends Real {
  constructor(...given) {
    if (given.length === 0) super(Real.now() + shiftMs);
    else super(...given);
  }
  static now() {
    return Real.now() + shiftMs;
  }
};
process.on('${JUMP_SIGNAL}', () => {
  shiftMs = jumpMs;
});
`;
}

/** A program begun so has a clock that jumps. */
export async function clockArrangement(hours: number, when: When = 'at the signal'): Promise<Arrangement> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-clock-'));
  const file = join(folder, 'clock.cjs');
  await writeFile(file, hook(hours, when));
  return {
    env: { NODE_OPTIONS: `--require ${file}` },
    over: async () => undefined,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
