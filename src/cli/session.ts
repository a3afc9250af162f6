import { dirname, join, resolve } from 'node:path';
import { type ConnectionKind, registry } from '../connectors/registry.js';
import type { CopyStep, Declaration, Step } from '../declare/declaration.js';
import { SluiceError } from '../errors.js';
import { firingNow } from '../flow/firing.js';
import { copySteps, openWorld, type World } from '../flow/scope.js';
import type { Firing } from '../values/firing.js';
import { keepHeapSmall } from './heap.js';
import type { Io } from './io.js';

/** `.sluice/` lies beside the file unless `--state` names another folder. */
export function stateOf(declaration: Declaration, io: Io, state: string | undefined): string {
  return state === undefined ? join(dirname(declaration.file), '.sluice') : resolve(io.cwd, state);
}

/** Opens what a command runs or plans a declaration in. */
export function openSession(
  declaration: Declaration,
  io: Io,
  options: {
    readonly state: string;
    readonly run: string;
    /** What the run acts for; the present moment when absent. */
    readonly firing?: Firing;
    readonly signal: AbortSignal;
    readonly readsOnly?: true;
    readonly lasting?: true;
  },
): World {
  keepHeapSmall();
  const load = async (kind: ConnectionKind) => await registry[kind].load();
  const firing = options.firing ?? firingNow(declaration);
  return openWorld(declaration, { env: io.env, load, input: io.input, ...options, firing });
}

/** The declaration with nothing but the named step; itself where none is named. */
export function onlyStep(declaration: Declaration, name: string | undefined): Declaration {
  if (name === undefined) return declaration;
  const named = copySteps(declaration.steps);
  const step: Step | undefined = named.find((candidate: CopyStep) => candidate.name === name);
  if (step) return { ...declaration, steps: [step] };
  throw new SluiceError('usage', `no step is named ${name}`, {
    hint: `the steps are: ${named.map((candidate) => candidate.name).join(', ')}`,
  });
}
