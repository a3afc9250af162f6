import type { Command } from 'commander';
import type { Io } from '../io.js';

const examples = `
Addresses:
  mysql://USER@HOST[:PORT]/DATABASE/TABLE     the password is asked for, or taken from
                                              SLUICE_FROM_PASSWORD and SLUICE_TO_PASSWORD
  dynamodb://REGION/TABLE                     AWS_ENDPOINT_URL_DYNAMODB names an emulator
  dynamodb://HOST:PORT/TABLE                  an emulator
  ./FOLDER/TABLE.parquet  (.csv, .jsonl, .gz) a file of this machine, or the newest export in ./FOLDER/TABLE/.
                                              As TO it is that folder: ./FOLDER/TABLE/ with a LATEST.json
  s3://BUCKET/PREFIX/TABLE.csv                the same in S3; AWS_REGION says where, AWS_ENDPOINT_URL_S3 an emulator

Examples:
  sluice copy mysql://app@127.0.0.1/shop/orders dynamodb://eu-west-1/orders --create
  sluice copy dynamodb://localhost:8000/orders mysql://app@db/report/orders --mode upsert
  sluice copy mysql://app@db/shop/orders dynamodb://eu-west-1/orders --save orders.yaml
  sluice copy mysql://app@db/shop/orders ./out/orders.parquet
  sluice copy ./people.csv mysql://app@db/report/people --columns id:int,born:date --mode upsert
  sluice copy s3://lake/exports/orders --format parquet mysql://app@db/report/orders`;

export function registerCopy(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('copy')
    .summary('copy a table once, without a file')
    .description('Copies a table from one address to another; --save keeps it as a declaration.')
    .argument('<from>', 'address of the source')
    .argument('<to>', 'address of the sink')
    .option('--where <sql>', 'MySQL source: only rows for which this holds')
    .option('--key <partition[,sort]>', "DynamoDB sink: its key (default: the source's primary key)")
    .option('--mode <mode>', 'put, insert, update, mirror; upsert, append, replace, mirror')
    .option('--create', 'make the sink table if it is missing')
    .option('--format <format>', 'parquet, csv or jsonl, where the name of a file does not say it')
    .option(
      '--columns <name:type,…>',
      'types of a source file that says none: id:int,born:date; the others are text',
    )
    .option('--parallel <writers>', 'writers side by side', Number)
    .option('--save <file>', 'write the declaration to this file first; an existing one is not overwritten')
    .option('--plan', 'say what it would do; write nothing to the sink')
    .option('--state <place>', 'where runs and rejects are kept: a folder or dynamodb://… (default: .sluice)')
    .option('--json', 'one JSON event a line')
    .option('--quiet', 'no progress')
    .addHelpText('after', examples)
    .action(async (from: string, to: string, options) => {
      const { copyOnce } = await import('../copy-once.js');
      exit(await copyOnce(from, to, options, io));
    });
}
