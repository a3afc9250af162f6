import type { Attribute } from '../../values/cell.js';
import { canonicalNumber } from '../../values/decimal.js';

type Item = Readonly<Record<string, Attribute>>;

/** Whether two items are the same to DynamoDB: numbers by value, sets without order. */
export function sameItem(a: Item, b: Item): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && sameAttribute(a[name], b[name]));
}

function sameAttribute(a: Attribute | undefined, b: Attribute | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if ('M' in a) return 'M' in b && sameItem(a.M, b.M);
  if ('L' in a) {
    if (!('L' in b) || a.L.length !== b.L.length) return false;
    const other = b.L;
    return a.L.every((value, index) => sameAttribute(value, other[index]));
  }
  return canonical(a) === canonical(b);
}

/** Text that equal scalars and sets share. */
function canonical(attribute: Attribute): string {
  if ('N' in attribute) return `N${canonicalNumber(attribute.N) ?? attribute.N}`;
  if ('SS' in attribute) return `SS${JSON.stringify([...attribute.SS].sort())}`;
  if ('BS' in attribute) return `BS${JSON.stringify([...attribute.BS].sort())}`;
  if ('NS' in attribute) return `NS${JSON.stringify(attribute.NS.map(canonicalNumber).sort())}`;
  return JSON.stringify(attribute);
}
