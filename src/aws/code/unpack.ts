import { join } from 'node:path';
import type { Declaration } from '../../declare/declaration.js';

/** What a whole number beyond JavaScript's own is written as. */
export const BIGINT = '#bigint';
/** What the name of a file beside `pipeline.json` is written as. */
export const FILE = '#file';

/**
 * The declaration that `packed` has made. `program`: what its own program exports, whose functions are put back where they
 * stood.
 */
export function unpacked(text: string, folder: string, program?: unknown): Declaration {
  const declaration = JSON.parse(text, (_, value: unknown) => restored(value, folder)) as Declaration;
  return program === undefined ? declaration : (withFunctions(declaration, program) as Declaration);
}

function restored(value: unknown, folder: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const [[name, held] = [], ...others] = Object.entries(value);
  if (others.length > 0 || typeof held !== 'string') return value;
  if (name === BIGINT) return BigInt(held);
  return name === FILE ? join(folder, held) : value;
}

/** Steps know where they stand in the document. */
function withFunctions(value: unknown, program: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => withFunctions(each, program));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, field]) => [name, withFunctions(field, program)] as const);
  const row = 'kind' in value && 'path' in value ? at(program, `${String(value.path)}.row`) : undefined;
  return { ...Object.fromEntries(fields), ...(typeof row === 'function' ? { row } : {}) };
}

/** `steps[1].parallel[0].row` */
function at(program: unknown, path: string): unknown {
  let found = program;
  for (const part of path.split(/[.[\]]+/).filter((each) => each !== '')) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Record<string, unknown>)[part];
  }
  return found;
}
