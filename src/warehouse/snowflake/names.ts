import { SluiceError } from '../../errors.js';
import type { ExportFolder, Exports } from '../exports.js';
import type { Times } from './column-type.js';
import { givenName, snowflakeName, typedName } from './quote.js';

/** What the command line says; names as one types them. */
export interface SnowflakeOptions {
  readonly database?: string | undefined;
  readonly schema?: string | undefined;
  /** Without one the task runs on what Snowflake provides. */
  readonly warehouse?: string | undefined;
  readonly stage?: string | undefined;
  /** An integration that is there already. */
  readonly integration?: string | undefined;
  /** The ARN of the role with which a new integration reads the bucket. */
  readonly role?: string | undefined;
  /** As CREATE TASK takes it: `60 MINUTE`, `USING CRON 0 6 * * * Europe/Dublin`. */
  readonly schedule: string;
  readonly times: Times;
  /** Tables and columns in upper case, as Snowflake has names without quotes. */
  readonly upper: boolean;
}

/** What the statements call things; ready to be put into them. */
export interface SnowflakeNames {
  readonly stage: string;
  readonly integration: string;
  /** The file format of LATEST.json, that of the data, and the table that says what is loaded. */
  readonly manifestFormat: string;
  readonly dataFormat: string;
  readonly loaded: string;
  procedure(folder: ExportFolder): string;
  task(folder: ExportFolder): string;
  /** A table's or a column's. */
  name(name: string): string;
}

export function namesOf(exports: Exports, options: SnowflakeOptions): SnowflakeNames {
  const { pipeline, step, format, folders } = exports;
  const of = (word: string, { name }: ExportFolder) =>
    folders.length === 1
      ? givenName(word, pipeline, step)
      : givenName(word, pipeline, step, name.replace(/\/$/, ''));
  return {
    stage: options.stage === undefined ? givenName('stage', pipeline, step) : typedName(options.stage),
    integration:
      options.integration === undefined ? givenName(pipeline, step) : typedName(options.integration),
    manifestFormat: givenName('manifest'),
    dataFormat: givenName(format),
    loaded: givenName('loaded'),
    procedure: (folder) => of('load', folder),
    task: (folder) => of('task', folder),
    name: (name) => snowflakeName(options.upper ? name.toUpperCase() : name),
  };
}

/** Throws `unsupported` where two names of a list are the same in upper case. */
export function refuseFolded(names: readonly string[], what: string, { upper }: SnowflakeOptions): void {
  if (!upper) return;
  const folded = names.map((name) => name.toUpperCase());
  const twice = names.find((_, index) => folded.indexOf(folded[index] ?? '') !== index);
  if (twice === undefined) return;
  throw new SluiceError('unsupported', `two ${what} would be named ${twice.toUpperCase()}`, {
    hint: 'without --upper they keep their own names, in quotes',
  });
}
