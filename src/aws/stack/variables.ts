import type { CopyStep, Declaration, NamedStep, ReplicateStep } from '../../declare/declaration.js';
import { SluiceError } from '../../errors.js';
import { namedSteps } from './named-steps.js';

export interface StepSurroundings {
  /** `{ env: NAME }` of the connections that the step uses. */
  readonly variables: Readonly<Record<string, string>>;
  /** A server that may be in a VPC. */
  readonly talksToDatabase: boolean;
}

/**
 * What a step's function has around it. `half`: of a copy through a queue, `receive` is what its receiver has. Throws
 * `env_missing` for a variable that is not set: its value is that of the synth.
 */
export function variablesOf(
  declaration: Declaration,
  step: NamedStep,
  env: Readonly<Record<string, string | undefined>>,
  half: 'send' | 'receive' = 'send',
): StepSurroundings {
  const connections = stepConnections(declaration, step, half);
  const used = connections.map((name) => [name, declaration.connections[name]] as const);
  const names = used.flatMap(([, options]) => environmentNames(options));
  const variables = [...new Set(names)].sort().map((name) => [name, settingOf(name, env)] as const);
  return {
    variables: Object.fromEntries(variables),
    talksToDatabase: used.some(([, options]) => options?.kind === 'mysql'),
  };
}

/** The connections that the function of a step uses; of a copy through a queue one half's, or all. */
export function stepConnections(
  declaration: Declaration,
  step: NamedStep,
  half?: 'send' | 'receive',
): readonly string[] {
  switch (step.kind) {
    case 'copy':
      return endsOf(step, half);
    case 'replicate':
      return endsOf(step, undefined);
    case 'export':
      return [step.from.connection, step.to.connection, ...(step.count ? [step.count.connection] : [])];
    case 'verify':
      return namedSteps(declaration.steps)
        .filter(({ name }) => step.of.includes(name))
        .flatMap((each) => stepConnections(declaration, each));
    default:
      return [];
  }
}

/** Of a copy through a queue each half has the queue and one end; of the whole all are there. */
function endsOf({ from, via, to }: CopyStep | ReplicateStep, half?: 'send' | 'receive'): readonly string[] {
  const between = via ? [via.connection] : [];
  if (via && half === 'receive') return [...between, to.connection];
  const { keys } = from;
  const list =
    typeof keys === 'object' && keys !== null && 'connection' in keys ? [String(keys.connection)] : [];
  const far = via && half === 'send' ? [] : [to.connection];
  return [from.connection, ...far, ...between, ...list];
}

function environmentNames(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('env' in value && typeof value.env === 'string') return [value.env];
  return Object.values(value).flatMap(environmentNames);
}

function settingOf(name: string, env: Readonly<Record<string, string | undefined>>): string {
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  throw new SluiceError('env_missing', `the environment variable ${name} is not set`, {
    hint: `export ${name}=…: functions get the value that it has when the stack is made`,
  });
}
