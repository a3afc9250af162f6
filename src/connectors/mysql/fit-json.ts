import type { Attribute } from '../../values/cell.js';
import { canonicalNumber } from '../../values/decimal.js';
import { type Fitted, type Misfit, misfit, type Takers } from './fit.js';
import { textFit } from './fit-text.js';
import type { TableColumn } from './schema.js';

const noSpelling = misfit('value_type', 'JSON has no spelling for sets and bytes');
const rounded = misfit('value_inexact', 'the server would round a number inside the document');

/** Deeper documents than MySQL's own limit. */
const MAX_DEPTH = 100;
const tooDeep = misfit('value_range', 'the document is nested deeper than the server takes');

/**
 * Takers of JSON columns. Text must be JSON: the server checks it. MySQL's own type stores numbers as
 * integers of 64 bits or doubles, so others are refused; MariaDB keeps the text as it is.
 */
export function jsonTakers(column: TableColumn): Takers {
  const text = textFit(column);
  const isNative = column.dataType === 'json';
  const write = (attribute: Attribute): Fitted => {
    const json = documentText(attribute, isNative);
    return typeof json === 'string' ? text(json) : json;
  };
  return {
    text,
    json: text,
    document: write,
    number: (cell) => write({ N: cell }),
    bool: (value) => (value ? 'true' : 'false'),
  };
}

/** An attribute as plain JSON text, numbers digit by digit. */
export function documentText(attribute: Attribute, isNative: boolean, depth = 0): Fitted {
  if (depth > MAX_DEPTH) return tooDeep;
  if ('S' in attribute) return JSON.stringify(attribute.S);
  if ('N' in attribute) return isNative && !isJsonNumber(attribute.N) ? rounded : attribute.N;
  if ('BOOL' in attribute) return attribute.BOOL ? 'true' : 'false';
  if ('NULL' in attribute) return 'null';
  if ('L' in attribute) {
    const parts = attribute.L.map((element) => documentText(element, isNative, depth + 1));
    return joined(parts, '[', ']');
  }
  if (!('M' in attribute)) return noSpelling;
  const parts = Object.entries(attribute.M).map(([name, element]) => {
    const value = documentText(element, isNative, depth + 1);
    return typeof value === 'string' ? `${JSON.stringify(name)}:${value}` : value;
  });
  return joined(parts, '{', '}');
}

function joined(parts: readonly Fitted[], open: string, close: string): Fitted {
  const wrong = parts.find((part): part is Misfit => typeof part !== 'string');
  return wrong ?? `${open}${parts.join(',')}${close}`;
}

const integerForm = /^-?\d{1,20}$/;

function isJsonNumber(text: string): boolean {
  if (integerForm.test(text)) {
    const value = BigInt(text);
    return value >= -(2n ** 63n) && value < 2n ** 64n;
  }
  return canonicalNumber(text) === canonicalNumber(String(Number(text)));
}
