import * as z from 'zod';
import { document } from './schema/document.js';

/** The JSON Schema (draft 2020-12) of declarations, for editors: JSON text that ends with a newline. */
export function jsonSchema(): string {
  const schema = z.toJSONSchema(document, {
    target: 'draft-2020-12',
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema: node }) => {
      const { def } = zodSchema._zod;
      if (def.type === 'bigint') node.type = 'integer';
      // The bounds of a double's integers say nothing to a reader.
      if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum;
      if (node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum;
    },
  });
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
