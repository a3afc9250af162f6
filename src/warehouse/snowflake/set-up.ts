import { SluiceError } from '../../errors.js';
import { addressOf, type ExportedTable, type ExportFolder, type Exports } from '../exports.js';
import { commentLine } from '../heading.js';
import { snowflakeType } from './column-type.js';
import { refuseFolded, type SnowflakeNames, type SnowflakeOptions } from './names.js';
import { snowflakeText, typedName } from './quote.js';

/** Stands in for what nobody said; no role has such a name. */
const ROLE_TO_FILL_IN = 'arn:aws:iam::<account>:role/<role>';

/** How Snowflake comes to read the bucket: https://docs.snowflake.com/en/user-guide/data-load-s3-config-storage-integration */
export function integration(
  { place }: Exports,
  names: SnowflakeNames,
  options: SnowflakeOptions,
): readonly string[] {
  if (options.integration !== undefined) return [];
  const address = snowflakeText(addressOf(place, ''));
  return [
    commentLine(
      'Once, by a role that may create integrations (ACCOUNTADMIN). The AWS role may s3:GetObject,',
    ),
    commentLine(
      's3:GetObjectVersion, s3:ListBucket and s3:GetBucketLocation there, and kms:Decrypt with the key of the',
    ),
    commentLine('exports. DESC shows the user and the external id that its trust policy names.'),
    ...(options.role === undefined
      ? [commentLine('Fill in the AWS role, or print this with --role ARN.')]
      : []),
    `CREATE STORAGE INTEGRATION IF NOT EXISTS ${names.integration}
  TYPE = EXTERNAL_STAGE
  STORAGE_PROVIDER = 'S3'
  ENABLED = TRUE
  STORAGE_AWS_ROLE_ARN = ${snowflakeText(options.role ?? ROLE_TO_FILL_IN)}
  STORAGE_ALLOWED_LOCATIONS = (${address});
DESC STORAGE INTEGRATION ${names.integration};`,
  ];
}

/** Where the following statements are to be run. */
export function place({ database, schema }: SnowflakeOptions): readonly string[] {
  return [
    ...(database === undefined ? [] : [`USE DATABASE ${typedName(database)};`]),
    ...(schema === undefined ? [] : [`USE SCHEMA ${typedName(schema)};`]),
  ];
}

/** The stage, the file formats, and the table that says which export is loaded. */
export function stage({ place, format }: Exports, names: SnowflakeNames): readonly string[] {
  return [
    `CREATE OR REPLACE FILE FORMAT ${names.manifestFormat} TYPE = JSON;`,
    `CREATE OR REPLACE FILE FORMAT ${names.dataFormat} ${formatOptions[format]};`,
    `CREATE STAGE IF NOT EXISTS ${names.stage}
  URL = ${snowflakeText(addressOf(place, ''))}
  STORAGE_INTEGRATION = ${names.integration};`,
    `CREATE TABLE IF NOT EXISTS ${names.loaded} (
  FOLDER VARCHAR NOT NULL,
  EXPORT VARCHAR NOT NULL,
  LOADED_AT TIMESTAMP_LTZ NOT NULL
);`,
  ];
}

/**
 * Nothing but a NULL is NULL: by default the text `\N` would be one. In CSV nothing between two commas is NULL, and `""`
 * is the empty text. https://docs.snowflake.com/en/sql-reference/sql/create-file-format
 */
const formatOptions: Readonly<Record<Exports['format'], string>> = {
  parquet: 'TYPE = PARQUET BINARY_AS_TEXT = FALSE USE_LOGICAL_TYPE = TRUE NULL_IF = ()',
  csv: `TYPE = CSV PARSE_HEADER = TRUE FIELD_OPTIONALLY_ENCLOSED_BY = '"' ESCAPE = NONE ESCAPE_UNENCLOSED_FIELD = NONE
  NULL_IF = () EMPTY_FIELD_AS_NULL = TRUE BINARY_FORMAT = BASE64 ENCODING = 'UTF8'`,
  jsonl: 'TYPE = JSON STRIP_NULL_VALUES = FALSE BINARY_FORMAT = BASE64 NULL_IF = ()',
};

export function tables(
  { format }: Exports,
  folder: ExportFolder,
  names: SnowflakeNames,
  options: SnowflakeOptions,
): readonly string[] {
  return folder.tables.map((table) => tableStatement(format, folder, table, names, options));
}

function tableStatement(
  format: Exports['format'],
  folder: ExportFolder,
  { source, target, columns }: ExportedTable,
  names: SnowflakeNames,
  options: SnowflakeOptions,
): string {
  const name = names.name(target);
  if (columns === undefined) return inferred(name, folder, source, names, options);
  refuseFolded(
    columns.map(({ name }) => name),
    `columns of ${source}`,
    options,
  );
  const lines = columns.map(
    (column) =>
      `  ${names.name(column.name)} ${snowflakeType(column, format, options.times)}${column.nullable ? '' : ' NOT NULL'}`,
  );
  return `CREATE TABLE IF NOT EXISTS ${name} (\n${lines.join(',\n')}\n);`;
}

/**
 * Columns as the files of the newest export have them; this statement alone cannot be run twice.
 * https://docs.snowflake.com/en/sql-reference/functions/infer_schema
 */
function inferred(
  table: string,
  folder: ExportFolder,
  source: string,
  names: SnowflakeNames,
  { upper }: SnowflakeOptions,
): string {
  const [first] = folder.latest?.tables.find(({ name }) => name === source)?.files ?? [];
  if (!first) {
    throw new SluiceError('table_missing', `nobody knows the columns of ${source} yet`, {
      hint: 'run the pipeline once: the first export says them',
    });
  }
  const location = snowflakeText(`@${names.stage}/${folder.name}${first.name}`);
  return `CREATE TABLE ${table} USING TEMPLATE (
  SELECT ARRAY_AGG(OBJECT_CONSTRUCT(*)) WITHIN GROUP (ORDER BY ORDER_ID)
  FROM TABLE(INFER_SCHEMA(LOCATION => ${location}, FILE_FORMAT => '${names.dataFormat}', IGNORE_CASE => ${upper ? 'TRUE' : 'FALSE'}))
);`;
}
