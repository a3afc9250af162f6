import { SluiceError } from '../../errors.js';

/**
 * Names that Athena takes: lower case, digits and underscores. Two that become the same are told apart by a number.
 * https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html
 */
export function athenaNames(names: readonly string[]): readonly string[] {
  const used = new Set<string>();
  return names.map((name) => {
    const plain = name.toLowerCase().replace(/[^a-z0-9_]/g, '_');
    let own = plain;
    for (let number = 2; used.has(own); number++) own = `${plain}_${number}`;
    used.add(own);
    return own;
  });
}

/** A name in a statement of Athena's DDL, which is Hive's. */
export function athenaName(name: string): string {
  if (/^[a-z0-9_]+$/.test(name)) return `\`${name}\``;
  throw new SluiceError('usage', `Athena takes no such name: ${name}`, {
    hint: 'names are of lower case letters, digits and underscores',
  });
}

/** A text in a statement of Athena's DDL: a backslash begins an escape. */
export function athenaText(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
