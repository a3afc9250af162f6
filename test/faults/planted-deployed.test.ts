/** The mistakes that stacks of the systems it replaces were made with: each is planted, and what proves such stacks turns red. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { auditTemplate } from '../../src/aws/audit/audit.js';
import { type Project, project, sluice } from '../fixtures/cli.js';
import { createTable, tableName } from '../fixtures/dynamodb.js';
import { needsServer } from '../fixtures/servers.js';
import { type TestSqs, testSqs } from '../fixtures/sqs.js';
import { type Plant, type Seed, verdictsOn, withPlanted } from './planted-program.js';

needsServer('mysql');
needsServer('ministack');

/** Seen by an audit of the stack, which every deployment of the proof begins with. */
const audited: readonly (Seed & { readonly rule: string })[] = [
  {
    fault: 'g: a queue hides messages for less than six times what its function may take',
    file: 'aws/receiver-settings.js',
    find: 'const VISIBILITY_FACTOR = 6;',
    plant: 'const VISIBILITY_FACTOR = 1;',
    rule: 'queue-visibility',
  },
  {
    fault: 'g: concurrency 1 is reserved, and burns receive counts',
    file: 'aws/stack/function.js',
    find: 'FunctionName: functionName(site, name),',
    plant: 'FunctionName: functionName(site, name), ReservedConcurrentExecutions: 1,',
    rule: 'queue-concurrency',
  },
  {
    fault: 'l: a password in a plain variable',
    file: 'aws/stack/variables.js',
    find: 'variables: Object.fromEntries(variables),',
    plant: "variables: { ...Object.fromEntries(variables), DATABASE_PASSWORD: 'Tr0ub4dor-and-3' },",
    rule: 'secret-in-variables',
  },
  {
    fault: 'l: everything may be done to a queue',
    file: 'connectors/sqs/permissions.js',
    find: "'sqs:ReceiveMessage', 'receives the messages'",
    plant: "'sqs:*', 'receives the messages'",
    rule: 'action-wildcard',
  },
  {
    fault: 'l: a whole account may send',
    file: 'aws/stack/message-queue.js',
    find: "Condition: { ArnEquals: { 'aws:PrincipalArn': sender } },",
    plant: '',
    rule: 'principal-account',
  },
];

let sqs: TestSqs;
let made: Project;
beforeAll(async () => {
  sqs = await testSqs();
  const [from, to] = [tableName('prod'), tableName('dev')];
  for (const table of [from, to]) await createTable(table, ['id', 'S']);
  const { region } = inject('dynamodb');
  made = await project({
    pipeline: 'users',
    connections: {
      place: { kind: 'dynamodb', region },
      inbox: { kind: 'sqs', queue: 'inbox', region, create: true },
    },
    steps: [
      {
        copy: 'users',
        from: { connection: 'place', table: from },
        via: { connection: 'inbox' },
        to: { connection: 'place', table: to, mode: 'put' },
      },
    ],
  });
});
afterAll(() => Promise.all([sqs?.stop(), made?.remove()]));

/** The rules by which an audit finds something in what this program synthesizes. */
async function foundOf(program: string, name: string): Promise<readonly string[]> {
  const out = join(made.folder, name);
  const env = {
    AWS_ENDPOINT_URL_DYNAMODB: inject('dynamodb').endpoint,
    AWS_ENDPOINT_URL_SQS: sqs.endpoint,
    AWS_REGION: inject('dynamodb').region,
  };
  const args = ['synth', made.file, '--account', '111122223333', '--out', out];
  const { status, stdout, stderr } = await sluice(args, { program, env });
  expect(status, stdout + stderr).toBe(0);
  const templates = (await readdir(out)).filter((file) => file.endsWith('.template.json'));
  const found = await Promise.all(
    templates.map(async (file) => auditTemplate(await readFile(join(out, file), 'utf8'), file)),
  );
  return found.flat().flatMap(({ level, rule }) => (level === 'waived' ? [] : [rule]));
}

test('nothing is found in the stack of a program in which nothing is planted', async () => {
  expect(await withPlanted(undefined, (program) => foundOf(program, 'none'))).toEqual([]);
});

test.each(audited)('it is found when $fault', async ({ rule, ...seed }) => {
  expect(await withPlanted(seed, (program) => foundOf(program, rule))).toContain(rule);
});

const loading = 'test/aws/delivery-deployed.test.ts';

/** Seen by the proof on an emulated AWS alone. */
const plants: readonly Plant[] = [
  {
    fault: 'g: a mapping without MaximumConcurrency',
    file: 'aws/stack/receivers-part.js',
    find: 'ScalingConfig: { MaximumConcurrency: workers },',
    plant: '',
    seenBy: ['test/aws/queue-deployed.test.ts', 'is deployed with queues that burn no receives'],
  },
  {
    fault: 'k: what was loaded bears another name each time, so that the ledger does not know it again',
    file: 'connectors/handed-token.js',
    find: 'return `${PREFIX}${padded(highest)}.${padded(lowest)}.${item}`;',
    plant: 'return `${PREFIX}:${Math.random()}`;',
    seenBy: [loading, 'loads an object once that the bucket tells of twice'],
  },
  {
    fault: 'k: the key of an object is taken as the event spells it',
    file: 'aws/handlers/events/s3-event.js',
    find: "return decodeURIComponent(key.replaceAll('+', ' '));",
    plant: 'return key;',
    seenBy: [loading, 'loads an object whatever its key'],
  },
];

test.concurrent.each(plants)('the proof sees it when $fault', { timeout: 900_000 }, async (plant) => {
  const { passed, failed, output = '' } = (await verdictsOn([plant])).get(plant) ?? {};
  expect([passed, failed], output.slice(-2000)).toEqual([0, 1]);
});
