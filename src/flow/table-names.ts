/** `film*` as a whole-name pattern: `*` any characters, `?` one. The groups are what the wildcards stood for. */
export function patternOf(pattern: string): RegExp {
  const source = [...pattern].map((character) => {
    if (character === '*') return '(.*)';
    if (character === '?') return '(.)';
    return character.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  return new RegExp(`^${source.join('')}$`, 'su');
}

/**
 * The sink's name for a table that `tables` matched: `{table}` is the table's name, `{match}` what the
 * wildcards of the first matching pattern stood for.
 */
export function sinkTableName(template: string, table: string, patterns: readonly string[]): string {
  const groups = patterns.map((pattern) => patternOf(pattern).exec(table)).find((match) => match !== null);
  const match = groups ? groups.slice(1).join('') : table;
  return template.replaceAll('{table}', () => table).replaceAll('{match}', () => match);
}
