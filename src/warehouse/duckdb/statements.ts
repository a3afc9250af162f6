import { addressOf, type ExportedTable, type ExportFolder, type Exports, type Place } from '../exports.js';
import { heading } from '../heading.js';
import { toldTables } from '../untold.js';
import { duckdbName, duckdbText } from './quote.js';
import { readerOf } from './reader.js';

/**
 * Statements that make a temporary view of each table: it reads the files that LATEST.json named when they were run. The
 * view lasts as long as the session; files that were pruned since are an error, never missing rows.
 * https://duckdb.org/docs/stable/sql/statements/set_variable
 */
export function duckdbStatements(all: Exports): string {
  const { exports, untold } = toldTables(all);
  const { place, folders } = exports;
  const tables = folders.flatMap((folder) => folder.tables.map((table) => ({ folder, table })));
  const views = tables.map(({ folder, table }, index) =>
    view(exports, folder, table, `sluice files of ${exports.step} ${index + 1}`),
  );
  return [heading(exports, 'DuckDB', untold), ...access(place), ...views].join('\n\n');
}

/**
 * DuckDB reads S3 by an extension, with credentials that another one finds as the AWS CLI does.
 * https://duckdb.org/docs/stable/core_extensions/httpfs/s3api
 */
function access(place: Place): readonly string[] {
  if (place.kind === 'files') return [];
  const settings = [
    'TYPE s3',
    'PROVIDER credential_chain',
    ...(place.region === undefined ? [] : [`REGION ${duckdbText(place.region)}`]),
    ...(place.endpoint === undefined ? [] : endpointSettings(new URL(place.endpoint))),
    `SCOPE ${duckdbText(addressOf(place, ''))}`,
  ];
  const load = ['httpfs', 'aws'].flatMap((extension) => [`INSTALL ${extension};`, `LOAD ${extension};`]);
  return [[...load, `CREATE OR REPLACE TEMPORARY SECRET sluice (${settings.join(', ')});`].join('\n')];
}

function endpointSettings({ host, protocol }: URL): readonly string[] {
  return [`ENDPOINT ${duckdbText(host)}`, "URL_STYLE 'path'", `USE_SSL ${protocol === 'https:'}`];
}

function view(
  { place, format }: Exports,
  folder: ExportFolder,
  { source, target, columns }: ExportedTable,
  variable: string,
): string {
  const address = addressOf(place, folder.name);
  return `SET VARIABLE ${duckdbName(variable)} = (
  SELECT list(${literally(`${duckdbText(address)} || file.name`)} ORDER BY file.name)
  FROM (
    SELECT unnest(one.files) AS file
    FROM (
      SELECT unnest(tables) AS one
      FROM read_json(${duckdbText(literal(`${address}LATEST.json`))}, maximum_object_size = ${MAX_MANIFEST_BYTES},
        columns = {tables: 'STRUCT(name VARCHAR, files STRUCT(name VARCHAR)[])[]'})
    )
    WHERE one.name = ${duckdbText(source)}
  )
);
CREATE OR REPLACE TEMPORARY VIEW ${duckdbName(target)} AS
  ${readerOf(format, columns, variable)};`;
}

const MAX_MANIFEST_BYTES = 256 * 1024 * 1024;

/** A name that is one, and not a pattern: DuckDB looks for `*`, `?` and `[` in every path that it is given. */
function literal(path: string): string {
  return path.replace(/[*?[]/g, '[$&]');
}

function literally(expression: string): string {
  return String.raw`regexp_replace(${expression}, '([*?[])', '[\1]', 'g')`;
}
