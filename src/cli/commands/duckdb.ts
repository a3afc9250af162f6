import type { Command } from 'commander';
import type { Io } from '../io.js';
import type { StatementOptions } from '../warehouse/print-statements.js';
import { warehouseCommand } from '../warehouse/warehouse-command.js';

const examples = `
Examples:
  sluice duckdb orders-parquet.yaml > orders.sql
  duckdb -init orders.sql -c 'SELECT count(*) FROM orders'

Of Parquet nothing but the declaration is looked at; of CSV and JSON Lines also what LATEST.json says of the columns.
docs/warehouse.md says more. Exit status: 0 printed · 2 there is nothing that DuckDB could read`;

export function registerDuckdb(program: Command, io: Io, exit: (status: number) => void): void {
  warehouseCommand(program, 'duckdb')
    .summary('the statements with which DuckDB reads the newest export')
    .description(
      'Prints SQL that makes a view of each table of the newest export: it reads just the files that LATEST.json names.',
    )
    .addHelpText('after', examples)
    .action(async (file: string, options: StatementOptions) => {
      const { printStatements } = await import('../warehouse/print-statements.js');
      const { duckdbStatements } = await import('../../warehouse/duckdb/statements.js');
      exit(
        await printStatements(
          file,
          options,
          {
            look: (step) =>
              step.kind === 'export' || step.to['format'] === 'parquet' ? 'nothing' : 'latest',
            statements: duckdbStatements,
          },
          io,
        ),
      );
    });
}
