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

/** The environment of a program whose monotonic clock goes so much faster than time; what it waits for does not. */
export async function fastClock(factor: number): Promise<Pick<Arrangement, 'env' | 'remove'>> {
  const text = `const real = performance.now.bind(performance); performance.now = () => real() * ${factor};`;
  return await hooked(text);
}

async function hooked(text: string): Promise<Pick<Arrangement, 'env' | 'remove'>> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-clock-'));
  const file = join(folder, 'clock.cjs');
  await writeFile(file, text);
  return {
    env: { NODE_OPTIONS: `--require ${file}` },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A program begun so has a clock that jumps. */
export async function clockArrangement(hours: number, when: When = 'at the signal'): Promise<Arrangement> {
  return { ...(await hooked(hook(hours, when))), over: async () => undefined };
}
