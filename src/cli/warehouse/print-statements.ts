import { loadDeclaration } from '../../declare/load.js';
import { SluiceError } from '../../errors.js';
import { newRunName } from '../../flow/run-name.js';
import type { Exports } from '../../warehouse/exports.js';
import { exitStatus } from '../exit-status.js';
import { onInterrupt } from '../interrupt.js';
import type { Io } from '../io.js';
import { openSession, openState } from '../session.js';
import { gatherExports, type Look } from './gather-exports.js';
import { type PublishingStep, publishingSteps } from './publishing-steps.js';

/** What the commands for all warehouses have in common. */
export interface StatementOptions {
  readonly step?: string;
  readonly table?: string;
  readonly state?: string;
}

/** One kind of warehouse. */
export interface Dialect {
  /** What must be known of a step's exports. */
  look(step: PublishingStep): Look;
  statements(exports: Exports): string;
}

/** Prints the statements for each step that publishes. Writes nothing anywhere. Gives the exit status. */
export async function printStatements(
  file: string,
  options: StatementOptions,
  dialect: Dialect,
  io: Io,
): Promise<number> {
  const declaration = await loadDeclaration(file, { env: io.env, cwd: io.cwd });
  const steps = publishingSteps(declaration, options.step);
  const interrupt = onInterrupt(io);
  const world = openSession(declaration, io, {
    state: await openState(declaration, io, options.state),
    run: newRunName(),
    signal: interrupt.signal,
    readsOnly: true,
  });
  try {
    const all: Exports[] = [];
    for (const step of steps) {
      const exports = await gatherExports(world, step, dialect.look(step), options.table);
      if (exports) all.push(exports);
    }
    if (all.length === 0) throw new SluiceError('usage', `no step writes a table named ${options.table}`);
    refuseShared(all);
    io.out(all.map((exports) => dialect.statements(exports)).join('\n\n'));
    return exitStatus.complete;
  } finally {
    interrupt.dispose();
    await world.connections.close();
  }
}

/** A warehouse has one table of a name: what one step loads another would take away. */
function refuseShared(all: readonly Exports[]): void {
  const steps = new Map<string, string>();
  for (const { step, folders } of all) {
    for (const { target } of folders.flatMap(({ tables }) => tables)) {
      const other = steps.get(target);
      if (other !== undefined && other !== step) {
        throw new SluiceError('usage', `the steps ${other} and ${step} both write a table named ${target}`, {
          hint: `one at a time: --step ${step}`,
        });
      }
      steps.set(target, step);
    }
  }
}
