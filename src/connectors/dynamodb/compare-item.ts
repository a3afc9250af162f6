import type { Attribute } from '../../values/cell.js';
import { keyNumber } from './numbers.js';

type Item = Readonly<Record<string, Attribute>>;

/** Whether two items are the same to DynamoDB: numbers by value, sets without order. */
export function sameItem(one: Item, other: Item): boolean {
  return comparableItem(one) === comparableItem(other);
}

/** JSON text that items share exactly if they are the same to DynamoDB; `isLeftOut` names what is not looked at. */
export function comparableItem(item: Item, isLeftOut: (name: string) => boolean = () => false): string {
  let text = '';
  for (const name of Object.keys(item).sort()) {
    const attribute = item[name];
    if (attribute === undefined || isLeftOut(name)) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${comparableAttribute(attribute)}`;
  }
  return `{${text}}`;
}

/** The same of one attribute. */
export function comparableAttribute(attribute: Attribute): string {
  if ('S' in attribute) return `{"S":${JSON.stringify(attribute.S)}}`;
  if ('N' in attribute) return `{"N":"${keyNumber(attribute.N)}"}`;
  if ('B' in attribute) return `{"B":"${comparableBase64(attribute.B)}"}`;
  if ('SS' in attribute) return `{"SS":${JSON.stringify([...attribute.SS].sort())}}`;
  if ('NS' in attribute) return `{"NS":${JSON.stringify(attribute.NS.map(keyNumber).sort())}}`;
  if ('BS' in attribute) return `{"BS":${JSON.stringify(attribute.BS.map(comparableBase64).sort())}}`;
  if ('L' in attribute) return `{"L":[${attribute.L.map(comparableAttribute).join(',')}]}`;
  if ('M' in attribute) return `{"M":${comparableItem(attribute.M)}}`;
  return JSON.stringify(attribute);
}

function comparableBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('base64');
}
