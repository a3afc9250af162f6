#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { registerAthena } from './commands/athena.js';
import { registerAudit } from './commands/audit.js';
import { registerCheck } from './commands/check.js';
import { registerCopy } from './commands/copy.js';
import { registerDeploy } from './commands/deploy.js';
import { registerDestroy } from './commands/destroy.js';
import { registerDiff } from './commands/diff.js';
import { registerDraw } from './commands/draw.js';
import { registerDuckdb } from './commands/duckdb.js';
import { registerImport } from './commands/import.js';
import { registerInit } from './commands/init.js';
import { registerNext } from './commands/next.js';
import { registerPlan } from './commands/plan.js';
import { registerRejects } from './commands/rejects.js';
import { registerRepair } from './commands/repair.js';
import { registerReplay } from './commands/replay.js';
import { registerRun } from './commands/run.js';
import { registerRuns } from './commands/runs.js';
import { registerSchema } from './commands/schema.js';
import { registerServe } from './commands/serve.js';
import { registerSnowflake } from './commands/snowflake.js';
import { registerSynth } from './commands/synth.js';
import { registerTest } from './commands/test.js';
import { registerTrace } from './commands/trace.js';
import { registerVerify } from './commands/verify.js';
import { reportError } from './errors.js';
import { exitStatus } from './exit-status.js';
import { type Io, processIo } from './io.js';
import { version } from './version.js';

/** Registers one command. Its action calls `exit` with the status; what it throws is reported here. */
export type Register = (program: Command, io: Io, exit: (status: number) => void) => void;

// The SDK would tell everybody on Node 20 that versions of it that are not in use here will want another.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const registrations: readonly Register[] = [
  registerInit,
  registerCheck,
  registerTest,
  registerPlan,
  registerRun,
  registerRuns,
  registerNext,
  registerServe,
  registerRejects,
  registerReplay,
  registerVerify,
  registerRepair,
  registerTrace,
  registerDraw,
  registerImport,
  registerAudit,
  registerSynth,
  registerDeploy,
  registerDiff,
  registerDestroy,
  registerSnowflake,
  registerAthena,
  registerDuckdb,
  registerCopy,
  registerSchema,
];

const examples = `
Examples:
  sluice init batch                    write a starter file
  sluice check batch.yaml              every mistake in it at once
  sluice test batch.yaml               its own tests, without a server
  sluice plan batch.yaml               what it will do; writes nothing
  sluice run batch.yaml                run it
  sluice verify batch.yaml             do both sides agree?
  sluice trace batch.yaml 42           one row's way from source to sink
  sluice draw batch.yaml               the flow in boxes and lines, with the last run on it
  sluice import asl nightly.asl.json   an existing state machine as a declaration
  sluice duckdb exports.yaml           what reads the newest export there; also snowflake, athena
  sluice synth batch.yaml              the stacks that run it on AWS
  sluice deploy batch.yaml             put them there; diff shows what would change, destroy takes them away
  sluice run batch.yaml --on aws       start it there, and follow it
  sluice audit template.yaml           what is wrong with a CloudFormation template
  sluice next batch.yaml               when its schedule fires next
  sluice serve batch.yaml              run it then, on this machine
  sluice copy mysql://app@127.0.0.1/shop/orders dynamodb://eu-west-1/orders

Exit status: 0 complete · 1 a bug · 2 refused before any write · 3 complete, with rejects
within the limit · 4 stopped · 5 both sides differ · 130/143 interrupted`;

// Versions of the SDK are pinned to such as run on every Node that Sluice does: its word about later ones is for us.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

async function main(argv: readonly string[], io: Io): Promise<number> {
  let status: number = exitStatus.complete;
  const program = new Command('sluice')
    .description('Moves data between MySQL, DynamoDB and files: declared once, exact, and proved.')
    .version(version)
    .showHelpAfterError('(sluice --help shows the commands)')
    .addHelpText('after', examples)
    .exitOverride();
  program.configureOutput({
    writeOut: (text) => io.out(text.trimEnd()),
    writeErr: (text) => io.err(text.trimEnd()),
  });
  for (const register of registrations) {
    register(program, io, (result) => {
      status = result;
    });
  }
  for (const command of program.commands) command.exitOverride();
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitStatus.complete : exitStatus.refused;
    reportError(error, io, argv.includes('--json'));
    return error instanceof Error && error.name === 'SluiceError' ? exitStatus.refused : exitStatus.bug;
  }
}

process.exitCode = await main(process.argv.slice(2), processIo());
