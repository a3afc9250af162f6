import { join } from 'node:path';
import { count } from './paper.js';
import type { Program } from './program.js';
import { callDynamodb } from './proof.js';
import type { DemoServers } from './servers.js';

export const samplePipeline = join('examples', 'customers-sample.yaml');
export const SAMPLE_TABLE = 'customers-sample';

/** As many as the pipeline chooses, where the shop has so many. */
const CHOSEN = 100;

/** What is found of the sample, without Sluice's own code. */
interface SampleProof {
  readonly items: number;
  /** Items that still hold a customer's e-mail address. */
  readonly shown: number;
}

/**
 * The second flow: chosen customers at a pace, masked, through a queue. Says what it does; gives whether all of them are there and none of
 * their addresses.
 */
export async function takeSample(
  { connection, databases, dynamodb }: DemoServers,
  program: Program,
  state: string,
  say: (line: string) => void,
): Promise<boolean> {
  say(`\n$ sluice run ${samplePipeline}\n`);
  const run = await program.run(['run', samplePipeline, '--state', state], 'terminal');
  if (run.status !== 0) {
    say(`\nsluice run ended with exit status ${run.status}.`);
    return false;
  }
  if (!(await showGraph(program, state, say))) return false;
  const [rows] = await connection.query(`SELECT email FROM ${databases.shop}.customers`);
  const emails = new Set((rows as { readonly email: string }[]).map(({ email }) => email));
  const { items, shown } = await proveSample(dynamodb, emails);
  const wanted = Math.min(CHOSEN, emails.size);
  say(
    `\n  ${count(items)} of ${count(wanted)} chosen customers came through the queue into ${SAMPLE_TABLE}, 40 a second; ${count(shown)} of them show a real address.`,
  );
  return items === wanted && shown === 0;
}

/** How flat the run's graph was: what it wrote a second. */
async function showGraph(program: Program, state: string, say: (line: string) => void): Promise<boolean> {
  const runs = ['runs', samplePipeline, '--state', state];
  const { stdout } = await program.run([...runs, '-n', '1', '--json'], 'kept');
  const { run } = JSON.parse(stdout) as { readonly run: string };
  say(`\n$ sluice runs ${samplePipeline} ${run}\n`);
  return (await program.run([...runs, run], 'terminal')).status === 0;
}

async function proveSample(
  dynamodb: DemoServers['dynamodb'],
  emails: ReadonlySet<string>,
): Promise<SampleProof> {
  const page = await callDynamodb(dynamodb, 'Scan', { TableName: SAMPLE_TABLE, ConsistentRead: true });
  const items = page['Items'] as readonly Record<string, { readonly S?: string }>[];
  const shown = items.filter((item) => Object.values(item).some(({ S }) => S !== undefined && emails.has(S)));
  return { items: items.length, shown: shown.length };
}
