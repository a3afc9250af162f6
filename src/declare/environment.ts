import type { Problem } from '../errors.js';
import { type DocumentPath, formatPath } from './document-path.js';
import type { Places } from './report.js';
import { isMapping } from './unsupported.js';

/** A warning for each `{ env: NAME }` below the field of the document whose variable is not set. */
export function missingVariables(
  document: Readonly<Record<string, unknown>>,
  field: string,
  file: string,
  places: Places,
  env: Readonly<Record<string, string | undefined>>,
): Problem[] {
  return references(document[field], [field])
    .filter(({ name }) => env[name] === undefined || env[name] === '')
    .map(({ name, path }) => ({
      file,
      ...places.value(path),
      path: formatPath(path),
      code: 'env_missing',
      message: `the environment variable ${name} is ${env[name] === '' ? 'empty' : 'not set'}`,
      hint: `export ${name}=…`,
    }));
}

interface Reference {
  readonly name: string;
  readonly path: DocumentPath;
}

function references(value: unknown, path: DocumentPath): Reference[] {
  if (!isMapping(value)) return [];
  const { env } = value;
  if (typeof env === 'string' && Object.keys(value).length === 1)
    return [{ name: env, path: [...path, 'env'] }];
  return Object.entries(value).flatMap(([field, part]) => references(part, [...path, field]));
}
