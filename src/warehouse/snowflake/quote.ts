import { SluiceError } from '../../errors.js';

/** A name just as it is: https://docs.snowflake.com/en/sql-reference/identifiers-syntax */
export function snowflakeName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text literal; a backslash begins an escape in it. https://docs.snowflake.com/en/sql-reference/data-types-text */
export function snowflakeText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** A name of the command line, as Snowflake itself would take it: in upper case, unless it is in quotes or needs them. */
export function typedName(name: string): string {
  if (name === '') throw new SluiceError('usage', 'an empty text is no name');
  if (/^"(?:[^"]|"")+"$/.test(name)) return name;
  return /^[A-Za-z_][A-Za-z0-9_$]*$/.test(name) ? name : snowflakeName(name);
}

/** A name that Sluice gives: `SLUICE_ORDERS_NIGHTLY`. It needs no quotes. */
export function givenName(...words: readonly string[]): string {
  return ['sluice', ...words].map((word) => word.replace(/[^A-Za-z0-9]+/g, '_').toUpperCase()).join('_');
}

/** The body of a procedure: as it stands, or as a text where it holds the mark that would end it. */
export function bodyText(body: string): string {
  return body.includes('$$') ? snowflakeText(`\n${body}\n`) : `$$\n${body}\n$$`;
}

/** A place of a stage; in quotes where its path has more than plain characters. */
export function stagePath(stage: string, path: string): string {
  const whole = `@${stage}/${path}`;
  return /^@[A-Za-z0-9_$]+\/[A-Za-z0-9_./-]*$/.test(whole) ? whole : snowflakeText(whole);
}
