import type { Declaration, NamedStep } from '../../declare/declaration.js';
import { SluiceError } from '../../errors.js';
import { namedSteps } from './named-steps.js';

export interface StepSurroundings {
  /** `{ env: NAME }` of the connections that the step uses. */
  readonly variables: Readonly<Record<string, string>>;
  /** A server that may be in a VPC. */
  readonly talksToDatabase: boolean;
}

/** What a step's function has around it. Throws `env_missing` for a variable that is not set: its value is that of the synth. */
export function variablesOf(
  declaration: Declaration,
  step: NamedStep,
  env: Readonly<Record<string, string | undefined>>,
): StepSurroundings {
  const used = stepConnections(declaration, step).map(
    (name) => [name, declaration.connections[name]] as const,
  );
  const names = used.flatMap(([, options]) => environmentNames(options));
  const variables = [...new Set(names)].sort().map((name) => [name, settingOf(name, env)] as const);
  return {
    variables: Object.fromEntries(variables),
    talksToDatabase: used.some(([, options]) => options?.kind === 'mysql'),
  };
}

/** The connections that the function of a step uses. */
export function stepConnections(declaration: Declaration, step: NamedStep): readonly string[] {
  switch (step.kind) {
    case 'copy':
    case 'replicate': {
      const keys = step.from['keys'];
      const list =
        typeof keys === 'object' && keys !== null && 'connection' in keys ? [String(keys.connection)] : [];
      return [step.from.connection, step.to.connection, ...(step.via ? [step.via.connection] : []), ...list];
    }
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
