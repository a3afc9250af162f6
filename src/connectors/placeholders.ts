import { SluiceError } from '../errors.js';
import { type FiringName, type FiringValues, firingNames } from '../values/firing.js';
import type { Objection } from './option-rules.js';

const names = firingNames.map((name) => `firing.${name}`);

/** Longer or stranger text is not repeated in a message. */
const SHOWN = /^[\w. ]{1,40}$/;

/** The firing's value that stands between `{{` and `}}`; undefined when there is none of that name. */
export function placeholderName(inside: string): FiringName | undefined {
  const name = /^\s*firing\.(\w+)\s*$/.exec(inside)?.[1];
  return firingNames.find((each) => each === name);
}

/** What is to be said of braces that hold something else. */
export function unknownPlaceholder(path: Objection['path'], inside: string): Objection {
  const written = inside.trim();
  const message = SHOWN.test(written) ? `no placeholder is named ${written}` : 'no placeholder is named so';
  const hint = `the placeholders are ${names.map((name) => `{{ ${name} }}`).join(', ')}`;
  return { code: 'wrong_value', path, message, hint, among: { written, names } };
}

/** The value of a placeholder; throws where the run covers no interval and the placeholder is of one. */
export function placeholderValue(values: FiringValues, name: FiringName, path: string): string {
  const value = values[name];
  if (value !== undefined) return value;
  throw new SluiceError('firing_missing', `nothing says what {{ firing.${name} }} is`, {
    path,
    hint: 'give the pipeline a schedule, or run it with --from and --to; {{ firing.time }} is always known',
  });
}
