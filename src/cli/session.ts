import { dirname, join, resolve } from 'node:path';
import { type ConnectionKind, registry } from '../connectors/registry.js';
import type { CopyStep, Declaration, Step } from '../declare/declaration.js';
import { SluiceError } from '../errors.js';
import { copySteps, openWorld, type World } from '../flow/scope.js';
import type { Io } from './io.js';

/** Opens what a command runs a declaration in. `.sluice/` lies beside the file unless `--state` names another. */
export function openSession(
  declaration: Declaration,
  io: Io,
  signal: AbortSignal,
  options: { readonly state?: string | undefined; readonly step?: string | undefined },
): World {
  const state =
    options.state === undefined ? join(dirname(declaration.file), '.sluice') : resolve(io.cwd, options.state);
  const chosen = options.step === undefined ? declaration : onlyStep(declaration, options.step);
  const load = async (kind: ConnectionKind) => await registry[kind].load();
  return openWorld(chosen, { env: io.env, state, load, signal });
}

/** The declaration with nothing but the named step. */
function onlyStep(declaration: Declaration, name: string): Declaration {
  const named = copySteps(declaration.steps);
  const step: Step | undefined = named.find((candidate: CopyStep) => candidate.name === name);
  if (step) return { ...declaration, steps: [step] };
  throw new SluiceError('usage', `no step is named ${name}`, {
    hint: `the steps are: ${named.map((candidate) => candidate.name).join(', ')}`,
  });
}
