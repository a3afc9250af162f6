import type { ExportedTable, ExportFolder } from '../exports.js';
import type { SnowflakeNames, SnowflakeOptions } from './names.js';
import { bodyText, snowflakeText, stagePath } from './quote.js';

/** As many names as one COPY takes: https://docs.snowflake.com/en/sql-reference/sql/copy-into-table */
const MAX_FILES = 1000;

/**
 * A procedure that loads the export that LATEST.json names, all tables in one transaction: who reads them sees the old rows or
 * the new ones, and never none. DELETE and COPY are DML, so that they can be undone; TRUNCATE would also do, and asks for more
 * privileges. A file that is gone ends the load, since FILES names it.
 * https://docs.snowflake.com/en/developer-guide/snowflake-scripting/
 */
export function procedure(folder: ExportFolder, names: SnowflakeNames, options: SnowflakeOptions): string {
  return `CREATE OR REPLACE PROCEDURE ${names.procedure(folder)}()
  RETURNS VARCHAR
  LANGUAGE SQL
  EXECUTE AS OWNER
AS
${bodyText(body(folder, names, options))};`;
}

function body(folder: ExportFolder, names: SnowflakeNames, options: SnowflakeOptions): string {
  const { stage, loaded, manifestFormat } = names;
  const here = snowflakeText(`${stage}/${folder.name}`);
  const sources = folder.tables.map(({ source }) => snowflakeText(source)).join(', ');
  return `DECLARE
  latest VARCHAR;
  newest VARCHAR;
  loaded_before VARCHAR;
  others VARCHAR;
  copy_statement VARCHAR;
  total NUMBER;
  found NUMBER;
  expected NUMBER;
  no_export EXCEPTION (-20001, 'there is no LATEST.json, or more than one');
  table_missing EXCEPTION (-20002, 'LATEST.json does not name one of the tables');
  columns_differ EXCEPTION (-20003, 'the columns of the export are not those of the table');
  rows_differ EXCEPTION (-20004, 'the table has not as many rows as the export');
BEGIN
  SELECT COUNT(*), MAX(TO_JSON($1)) INTO :total, :latest
    FROM ${stagePath(stage, `${folder.name}LATEST.json`)} (FILE_FORMAT => '${manifestFormat}');
  IF (total <> 1) THEN RAISE no_export; END IF;
  SELECT GET(PARSE_JSON(:latest), 'export')::VARCHAR INTO :newest;
  SELECT MAX(EXPORT) INTO :loaded_before FROM ${loaded} WHERE FOLDER = ${here};
  IF (loaded_before = newest) THEN RETURN newest || ' is loaded already'; END IF;
  SELECT LISTAGG(GET(t.VALUE, 'name')::VARCHAR, ', ') INTO :others
    FROM TABLE(FLATTEN(INPUT => PARSE_JSON(:latest), PATH => 'tables')) t
    WHERE GET(t.VALUE, 'name')::VARCHAR NOT IN (${sources});
  BEGIN TRANSACTION;
  BEGIN
${folder.tables.map((table, index) => loadTable(folder, table, index, names, options)).join('\n')}
    DELETE FROM ${loaded} WHERE FOLDER = ${here};
    INSERT INTO ${loaded} (FOLDER, EXPORT, LOADED_AT) SELECT ${here}, :newest, CURRENT_TIMESTAMP();
    COMMIT;
  EXCEPTION
    WHEN OTHER THEN
      ROLLBACK;
      RAISE;
  END;
  RETURN 'loaded ' || newest || IFF(others = '', '', '; tables without a place here: ' || others);
END;`;
}

function loadTable(
  folder: ExportFolder,
  { source, target, columns, items }: ExportedTable,
  index: number,
  names: SnowflakeNames,
  options: SnowflakeOptions,
): string {
  const table = names.name(target);
  const entry = `TABLE(FLATTEN(INPUT => PARSE_JSON(:latest), PATH => 'tables')) t`;
  const isIt = `GET(t.VALUE, 'name')::VARCHAR = ${snowflakeText(source)}`;
  const parts = `parts_${index + 1}`;
  return `    SELECT COUNT(*), MAX(GET(t.VALUE, 'rows')::NUMBER) INTO :total, :expected FROM ${entry} WHERE ${isIt};
    IF (total <> 1) THEN RAISE table_missing; END IF;
${
  columns === undefined || items
    ? ''
    : checkColumns(
        columns.map(({ name }) => name),
        entry,
        isIt,
      )
}    DELETE FROM ${table};
    LET ${parts} RESULTSET := (
      SELECT LISTAGG(${asLiteral("GET(f.VALUE, 'name')::VARCHAR")}, ', ') AS NAMES
      FROM ${entry}, LATERAL FLATTEN(INPUT => t.VALUE, PATH => 'files') f
      WHERE ${isIt}
      GROUP BY FLOOR(f.INDEX / ${MAX_FILES})
    );
    FOR part IN ${parts} DO
      copy_statement := ${snowflakeText(copyBegin(folder, table, names))} || part.NAMES || ${snowflakeText(copyEnd(names, options))};
      EXECUTE IMMEDIATE :copy_statement;
    END FOR;
    SELECT COUNT(*) INTO :found FROM ${table};
    IF (expected IS NOT NULL AND found <> expected) THEN RAISE rows_differ; END IF;`;
}

/** A file's column without a place in the table would not be loaded, and nobody would be told. */
function checkColumns(columns: readonly string[], entry: string, isIt: string): string {
  const list = columns.map(snowflakeText).join(', ');
  return `    SELECT COUNT(*), COUNT_IF(GET(c.VALUE, 'name')::VARCHAR IN (${list})) INTO :total, :found
      FROM ${entry}, LATERAL FLATTEN(INPUT => t.VALUE, PATH => 'columns') c
      WHERE ${isIt};
    IF (total > 0 AND (total <> ${columns.length} OR found <> ${columns.length})) THEN RAISE columns_differ; END IF;
`;
}

/** An SQL expression that gives the literal of a text. */
function asLiteral(expression: string): string {
  return String.raw`'''' || REPLACE(REPLACE(${expression}, '\\', '\\\\'), '''', '''''') || ''''`;
}

function copyBegin(folder: ExportFolder, table: string, { stage }: SnowflakeNames): string {
  return `COPY INTO ${table} FROM ${stagePath(stage, folder.name)} FILES = (`;
}

/** FORCE: what was loaded before is loaded again, since its rows were deleted. Nothing is removed from the bucket. */
function copyEnd({ dataFormat }: SnowflakeNames, { upper }: SnowflakeOptions): string {
  const match = upper ? 'CASE_INSENSITIVE' : 'CASE_SENSITIVE';
  return `) FILE_FORMAT = (FORMAT_NAME = ${dataFormat}) MATCH_BY_COLUMN_NAME = ${match} ON_ERROR = ABORT_STATEMENT PURGE = FALSE FORCE = TRUE`;
}
