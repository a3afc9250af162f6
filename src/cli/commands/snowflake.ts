import type { Command } from 'commander';
import { SluiceError } from '../../errors.js';
import type { SnowflakeOptions } from '../../warehouse/snowflake/names.js';
import type { Io } from '../io.js';
import type { StatementOptions } from '../warehouse/print-statements.js';
import { warehouseCommand } from '../warehouse/warehouse-command.js';

interface Options extends StatementOptions {
  readonly database?: string;
  readonly schema?: string;
  readonly warehouse?: string;
  readonly stage?: string;
  readonly integration?: string;
  readonly role?: string;
  readonly schedule: string;
  readonly times: string;
  readonly upper?: boolean;
}

const examples = `
Examples:
  sluice snowflake nightly-export.yaml --database shop --role arn:aws:iam::111122223333:role/snowflake > load.sql
  sluice snowflake orders-parquet.yaml --integration lake --warehouse load_wh --schedule 'USING CRON 0 6 * * * UTC'

Columns come from LATEST.json, or where there is none yet from a plan. docs/warehouse.md says more.
Exit status: 0 printed · 2 there is nothing that Snowflake could load`;

export function registerSnowflake(program: Command, io: Io, exit: (status: number) => void): void {
  warehouseCommand(program, 'snowflake')
    .summary('the statements with which Snowflake loads the newest export')
    .description(
      'Prints an integration, a stage, tables, a procedure and a task that load just the export that LATEST.json names.',
    )
    .option('--database <name>', 'the database of all that is made; default: that of the session')
    .option('--schema <name>', 'its schema; default: that of the session')
    .option('--warehouse <name>', 'what the task runs on; default: what Snowflake provides')
    .option('--stage <name>', 'what the stage is called')
    .option('--integration <name>', 'a storage integration that is there already')
    .option('--role <arn>', 'the AWS role with which a new integration reads the bucket')
    .option('--schedule <schedule>', 'when the task looks, as CREATE TASK takes it', '60 MINUTE')
    .option('--times <how>', "dates and times: typed (Snowflake's own types) or text", 'typed')
    .option('--upper', 'tables and columns in upper case, as Snowflake has names without quotes')
    .addHelpText('after', examples)
    .action(async (file: string, options: Options) => {
      const snowflake = snowflakeOptions(options);
      const { printStatements } = await import('../warehouse/print-statements.js');
      const { snowflakeStatements } = await import('../../warehouse/snowflake/statements.js');
      exit(
        await printStatements(
          file,
          options,
          { look: () => 'plan', statements: (exports) => snowflakeStatements(exports, snowflake) },
          io,
        ),
      );
    });
}

function snowflakeOptions({ times, upper = false, ...rest }: Options): SnowflakeOptions {
  if (times !== 'typed' && times !== 'text') {
    throw new SluiceError('usage', `--times is typed or text, not ${times}`);
  }
  return { ...rest, times, upper };
}
