import type { Command } from 'commander';
import type { AthenaOptions } from '../../warehouse/athena/statements.js';
import type { Io } from '../io.js';
import type { StatementOptions } from '../warehouse/print-statements.js';
import { warehouseCommand } from '../warehouse/warehouse-command.js';

interface Options extends StatementOptions {
  readonly database?: string;
  readonly switch?: true;
}

const examples = `
Examples:
  sluice athena nightly-export.yaml --database shop            once
  sluice athena nightly-export.yaml --database shop --switch   after each run: point the tables to the new export

Reads LATEST.json. docs/warehouse.md says more. Exit status: 0 printed · 2 there is nothing that Athena could read`;

export function registerAthena(program: Command, io: Io, exit: (status: number) => void): void {
  warehouseCommand(program, 'athena')
    .summary('the statements with which Athena reads the newest export')
    .description('Prints the DDL of external tables over the newest export of Parquet in a bucket.')
    .option('--database <name>', 'the database of the tables; default: that of the session')
    .option('--switch', 'only the statements that point the tables to the newest export')
    .addHelpText('after', examples)
    .action(async (file: string, options: Options) => {
      const { printStatements } = await import('../warehouse/print-statements.js');
      const { athenaStatements } = await import('../../warehouse/athena/statements.js');
      const athena: AthenaOptions = { database: options.database, switchOnly: options.switch === true };
      exit(
        await printStatements(
          file,
          options,
          {
            look: () => (athena.switchOnly ? 'places' : 'latest'),
            statements: (exports) => athenaStatements(exports, athena),
          },
          io,
        ),
      );
    });
}
