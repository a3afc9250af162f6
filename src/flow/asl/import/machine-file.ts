import { SluiceError } from '../../../errors.js';

/** A state machine as it was read: JSON whose states have been found to be states. */
export interface ReadMachine {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, ReadState>>;
  readonly TimeoutSeconds?: unknown;
}

export interface ReadState {
  readonly Type: StateType;
  readonly Next?: string;
  readonly [field: string]: unknown;
}

const stateTypes = ['Task', 'Parallel', 'Choice', 'Wait', 'Pass', 'Succeed', 'Fail', 'Map'] as const;
type StateType = (typeof stateTypes)[number];

/** Step Functions takes no larger one. */
const MAX_BYTES = 1_048_576;
const MAX_DEPTH = 20;

/**
 * Reads a definition in Amazon States Language. Throws `state_machine_invalid` when it is none, when states lead to
 * states that are not there or in a circle, and when it is written in JSONata.
 */
export function readMachine(text: string, file: string): ReadMachine {
  if (Buffer.byteLength(text) > MAX_BYTES) throw invalid(file, 'larger than 1 MiB');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // What the parser says quotes the text.
    throw invalid(file, 'not JSON', 'a definition in YAML is turned into JSON first');
  }
  return machineIn(value, { file, place: 'the machine' }, 0);
}

interface Where {
  readonly file: string;
  readonly place: string;
}

function machineIn(value: unknown, where: Where, depth: number): ReadMachine {
  if (depth > MAX_DEPTH) throw invalid(where.file, `nested deeper than ${MAX_DEPTH} machines`);
  if (!isObject(value) || !isObject(value['States']) || typeof value['StartAt'] !== 'string') {
    throw invalid(where.file, `${where.place} is not in Amazon States Language: it has StartAt and States`);
  }
  refuseJsonata(value, where);
  const { StartAt, States } = value;
  const names = Object.keys(States);
  if (!Object.hasOwn(States, StartAt)) {
    throw invalid(
      where.file,
      `${where.place} starts at ${quoted(StartAt)}, which is not among its states`,
      known(names),
    );
  }
  for (const [name, state] of Object.entries(States)) checkState(name, state, { ...where, names, depth });
  const machine = value as unknown as ReadMachine;
  refuseCircle(machine, where);
  return machine;
}

interface Surroundings extends Where {
  readonly names: readonly string[];
  readonly depth: number;
}

function checkState(name: string, state: unknown, where: Surroundings): void {
  const { file } = where;
  if (!isObject(state)) throw invalid(file, `state ${quoted(name)} is not an object`);
  const type = stateTypes.find((each) => each === state['Type']);
  if (!type) {
    throw invalid(file, `state ${quoted(name)} is of no known Type`, `there is: ${stateTypes.join(', ')}`);
  }
  refuseJsonata(state, { file, place: `state ${quoted(name)}` });
  checkShape(name, type, state, file);
  for (const next of waysOut(state as unknown as ReadState)) {
    if (where.names.includes(next)) continue;
    throw invalid(
      file,
      `state ${quoted(name)} leads to ${quoted(next)}, which is not there`,
      known(where.names),
    );
  }
  const branches = type === 'Parallel' ? (state['Branches'] as readonly unknown[]) : [];
  for (const [index, branch] of branches.entries()) {
    machineIn(branch, { file, place: `branch ${index + 1} of ${quoted(name)}` }, where.depth + 1);
  }
}

/** That the fields which lead on are what they must be, so that nobody need ask again. */
function checkShape(
  name: string,
  type: StateType,
  state: Readonly<Record<string, unknown>>,
  file: string,
): void {
  const wrong = (what: string) => invalid(file, `state ${quoted(name)}: ${what}`);
  const hasWay = typeof state['Next'] === 'string' || state['End'] === true;
  if (!['Choice', 'Succeed', 'Fail'].includes(type) && !hasWay) throw wrong('it has neither Next nor End');
  if (type === 'Task' && typeof state['Resource'] !== 'string') throw wrong('a Task has a Resource');
  if (type === 'Parallel' && !isList(state['Branches'])) throw wrong('a Parallel state has Branches');
  if (type === 'Choice' && !areLeading(state['Choices'])) throw wrong('each of its Choices has a Next');
  if (type === 'Choice' && !isOptionalText(state['Default'])) throw wrong('Default is the name of a state');
  if (state['Catch'] !== undefined && !areLeading(state['Catch']))
    throw wrong('each of its Catch has a Next');
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0;
}

function isOptionalText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function areLeading(value: unknown): boolean {
  return isList(value) && value.every((each) => isObject(each) && typeof each['Next'] === 'string');
}

function refuseJsonata(value: Readonly<Record<string, unknown>>, { file, place }: Where): void {
  if (value['QueryLanguage'] !== 'JSONata') return;
  throw invalid(file, `${place} is written in JSONata`, 'machines in JSONPath can be read');
}

/** Where a state can lead, in the order in which it says so. */
export function waysOut(state: ReadState): readonly string[] {
  const choices = (state.Type === 'Choice' ? state['Choices'] : []) as readonly { readonly Next: string }[];
  const catches = (state['Catch'] ?? []) as readonly { readonly Next: string }[];
  const others = [state.Next, state.Type === 'Choice' ? state['Default'] : undefined];
  return [...choices, ...catches]
    .map(({ Next }) => Next)
    .concat(others.filter((each) => typeof each === 'string'));
}

/** Steps go on, never back. */
function refuseCircle({ States }: ReadMachine, { file }: Where): void {
  const done = new Set<string>();
  const walk = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) {
      const circle = [...path.slice(path.indexOf(name)), name].map(quoted).join(' → ');
      throw invalid(
        file,
        `states lead in a circle: ${circle}`,
        'a pipeline has no loops: a `retry` or a schedule may do instead',
      );
    }
    const state = States[name];
    if (done.has(name) || !state) return;
    for (const next of waysOut(state)) walk(next, [...path, name]);
    done.add(name);
  };
  for (const name of Object.keys(States)) walk(name, []);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A name from the file, for a message: names can be of any length and hold anything. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}

function known(names: readonly string[]): string {
  return `its states: ${names.slice(0, 10).map(quoted).join(', ')}${names.length > 10 ? ', …' : ''}`;
}

function invalid(file: string, message: string, hint?: string): SluiceError {
  return new SluiceError('state_machine_invalid', `${file}: ${message}`, {
    path: file,
    ...(hint === undefined ? {} : { hint }),
  });
}
