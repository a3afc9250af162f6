/** F3 and its stack: the state machine itself calls RDS, and the function begins nothing there. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ExportGround, exportGround } from '../../../test/fixtures/export-ground.js';
import { auditFindings, expectKept } from '../../../test/fixtures/kept-stacks.js';
import { needsServer } from '../../../test/fixtures/servers.js';
import { type SynthTold, synth } from '../../../test/fixtures/synth.js';
import type { Template, TemplateResource } from '../template/template.js';

needsServer('moto');

const file = 'test/fixtures/stacks/nightly-export.yaml';
let ground: ExportGround;
let told: SynthTold;
let template: Template;

beforeAll(async () => {
  ground = await exportGround();
  const { moto } = ground;
  await moto.bucket('shop-lake');
  const env = { AWS_ENDPOINT_URL: moto.endpoint };
  told = await synth(await readFile(file, 'utf8'), { env });
  expect(told.status, told.err).toBe(0);
  template = told.templates['sluice-nightly-export'] as Template;
}, 240_000);
afterAll(() => ground.stop());

it('is what the repository holds, and nothing that an audit finds', async () => {
  await expectKept(told, 'nightly-export');
  expect(auditFindings(told)).toEqual([]);
});

it('only the state machine may begin snapshots and exports, and only the function may remove what is old', () => {
  const machine = actionsOf('MachineRole');
  const fn = actionsOf('StepMysnapshotRole');
  const begin = ['rds:CreateDBSnapshot', 'rds:AddTagsToResource', 'rds:StartExportTask', 'iam:PassRole'];
  expect(machine).toEqual(expect.arrayContaining([...begin, 'kms:CreateGrant', 'rds:DescribeDBSnapshots']));
  for (const action of [...begin, 'kms:CreateGrant']) expect(fn).not.toContain(action);
  expect(fn).toEqual(expect.arrayContaining(['rds:DeleteDBSnapshot', 's3:DeleteObject', 'kms:Decrypt']));
  for (const action of ['rds:DeleteDBSnapshot', 's3:DeleteObject']) expect(machine).not.toContain(action);
  expect(machine).not.toContain('states:StartExecution');
});

it('alarms tell the topic that is named, and the stack has none of its own', () => {
  const types = Object.values(template.Resources).map(({ Type }) => Type);
  expect(types).not.toContain('AWS::SNS::Topic');
  expect(types).not.toContain('AWS::KMS::Key');
  const topic = 'arn:aws:sns:eu-west-1:111122223333:on-call';
  expect(resource('FailureAlarm').Properties['AlarmActions']).toEqual([topic]);
});

function resource(name: string): TemplateResource {
  const found = template.Resources[name];
  if (!found) throw new Error(`no ${name}`);
  return found;
}

function actionsOf(role: string): readonly string[] {
  const [policy] = resource(role).Properties['Policies'] as readonly {
    PolicyDocument: { Statement: readonly { Action: readonly string[] }[] };
  }[];
  return policy?.PolicyDocument.Statement.flatMap(({ Action }) => Action) ?? [];
}
