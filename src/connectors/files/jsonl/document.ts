import { isJson, loneSurrogate } from '../cell-text.js';

/** The only member of the object that stands for a document whose text would not come back as it was. */
const WRAPPED = '$json';

/**
 * A JSON document as the value of a member: itself, where reading it back gives the same text. Else (`null`, which would be NULL; space
 * around it; lines; what is no JSON) an object, {"$json":"…"} with its text; so is a document that looks like one.
 */
export function embedded(document: string): string {
  const isItself =
    document !== 'null' &&
    !/^\s|\s$|[\r\n]|^\{\s*"\$json"/.test(document) &&
    !loneSurrogate.test(document) &&
    isJson(document);
  return isItself ? document : JSON.stringify({ [WRAPPED]: document });
}

/** The text of the document; undefined for an object that says it wrongly. `raw` is valid JSON. */
export function extracted(raw: string): string | undefined {
  if (!/^\{\s*"\$json"/.test(raw)) return raw;
  const value: unknown = JSON.parse(raw);
  const text = (value as Record<string, unknown>)[WRAPPED];
  return typeof text === 'string' && Object.keys(value as object).length === 1 ? text : undefined;
}
