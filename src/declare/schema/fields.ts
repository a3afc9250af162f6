import type * as z from 'zod';
import type { DocumentPath } from '../document-path.js';

type Schema = z.core.$ZodType;

/** The names of the fields that an object at this path of the schema can have; [] where there is none. */
export function fieldsAt(schema: Schema, path: DocumentPath): readonly string[] {
  return [...new Set(objectsAt(schema, path).flatMap((object) => Object.keys(object)))];
}

/** What a field is for, in the words of the schema. */
export function descriptionAt(schema: Schema, path: DocumentPath): string | undefined {
  const field = path.at(-1);
  if (typeof field !== 'string') return undefined;
  for (const object of objectsAt(schema, path.slice(0, -1))) {
    const found = object[field];
    if (found && 'description' in found && typeof found.description === 'string') return found.description;
  }
  return undefined;
}

function objectsAt(schema: Schema, path: DocumentPath): Readonly<Record<string, Schema>>[] {
  const schemas = path.reduce<Schema[]>(
    (level, part) => level.flatMap((each) => stepInto(each, part)),
    unwrap(schema),
  );
  return schemas.flatMap((each) => {
    const { def } = (each as z.core.$ZodTypes)._zod;
    return def.type === 'object' ? [def.shape] : [];
  });
}

function stepInto(schema: Schema, part: string | number): Schema[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'object') {
    const field = def.shape[part];
    return field ? unwrap(field) : [];
  }
  if (def.type === 'record') return unwrap(def.valueType);
  return def.type === 'array' ? unwrap(def.element) : [];
}

/** The schema without its optionality; all choices of a union. */
function unwrap(schema: Schema): Schema[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'optional') return unwrap(def.innerType);
  return def.type === 'union' ? def.options.flatMap(unwrap) : [schema];
}
