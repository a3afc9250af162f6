import { SluiceError } from '../../errors.js';
import type { ExportFolder, Exports } from '../exports.js';
import { commentLine, heading } from '../heading.js';
import { toldTables } from '../untold.js';
import { procedure } from './load.js';
import { namesOf, refuseFolded, type SnowflakeNames, type SnowflakeOptions } from './names.js';
import { snowflakeText, typedName } from './quote.js';
import { integration, place, stage, tables } from './set-up.js';

/**
 * Statements that make all that Snowflake needs to load, again and again, the export that LATEST.json names: an integration, a
 * stage, tables, a procedure and a task. They can be run again after the declaration changed. Throws `unsupported` for what
 * Snowflake cannot reach.
 */
export function snowflakeStatements(all: Exports, options: SnowflakeOptions): string {
  if (all.place.kind !== 's3') {
    throw new SluiceError('unsupported', 'Snowflake cannot read the folders of this machine', {
      hint: 'let the step write to a connection of kind s3',
    });
  }
  const { exports, untold } = toldTables(all);
  const names = namesOf(exports, options);
  const { folders } = exports;
  const targets = folders.flatMap((folder) => folder.tables.map(({ target }) => target));
  refuseFolded(targets, 'tables', options);
  return [
    heading(exports, 'Snowflake', untold),
    lines(integration(exports, names, options)),
    lines([
      commentLine('By the role that will own the tables; it needs USAGE on the integration.'),
      ...place(options),
      ...stage(exports, names),
    ]),
    ...folders.flatMap((folder) => tables(exports, folder, names, options)),
    ...folders.map((folder) => procedure(folder, names, options)),
    ...folders.map((folder) => task(folder, names, options)),
    lines([
      commentLine('The first load, now:'),
      ...folders.map((folder) => `CALL ${names.procedure(folder)}();`),
    ]),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function lines(all: readonly string[]): string {
  return all.join('\n');
}

/** https://docs.snowflake.com/en/sql-reference/sql/create-task */
function task(
  folder: ExportFolder,
  names: SnowflakeNames,
  { warehouse, schedule }: SnowflakeOptions,
): string {
  const name = names.task(folder);
  const privileges = warehouse === undefined ? 'EXECUTE TASK and EXECUTE MANAGED TASK' : 'EXECUTE TASK';
  return `${commentLine(`The role needs ${privileges} on the account.`)}
CREATE OR REPLACE TASK ${name}
  ${warehouse === undefined ? "USER_TASK_MANAGED_INITIAL_WAREHOUSE_SIZE = 'XSMALL'" : `WAREHOUSE = ${typedName(warehouse)}`}
  SCHEDULE = ${snowflakeText(schedule)}
AS
  CALL ${names.procedure(folder)}();
ALTER TASK ${name} RESUME;`;
}
