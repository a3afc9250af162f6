/** A name as DuckDB takes it, whatever it holds: https://duckdb.org/docs/stable/sql/dialect/keywords_and_identifiers */
export function duckdbName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text literal: nothing but the quote is special. https://duckdb.org/docs/stable/sql/data_types/literal_types */
export function duckdbText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
