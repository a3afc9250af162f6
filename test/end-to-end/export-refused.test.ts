/** What the built program says of an RDS, a key, a role and a place that refuse, and what it does then. */
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExportGround, errorsOf, exportGround, outputOf } from '../fixtures/export-ground.js';
import { needsServer } from '../fixtures/servers.js';

needsServer('moto');

const LIMIT_MS = 300_000;

let ground: ExportGround;
beforeAll(async () => {
  ground = await exportGround();
}, LIMIT_MS);
afterAll(() => ground?.stop());

describe.concurrent('RDS that refuses', { timeout: LIMIT_MS }, () => {
  it('because five exports are in progress is waited for, with a word', async () => {
    const nightly = await ground.exporting();
    const fault = { kind: 'error', status: 400, type: 'ExportTaskLimitReachedFault' } as const;
    nightly.proxy.plan.use([{ on: 'StartExportTask', fault, times: 3 }]);
    const run = await nightly.run(0);
    expect(run.stderr.match(/waiting: as many exports are in progress/g)).toHaveLength(1);
  });

  it('at the deadline stops, and the next run, with more time, goes on waiting', async () => {
    const nightly = await ground.exporting({ step: { deadline: 1 } });
    const fault = { kind: 'error', status: 400, type: 'ExportTaskLimitReachedFault' } as const;
    nightly.proxy.plan.use([{ on: 'StartExportTask', fault }]);
    expect(errorsOf(await nightly.run(4))[0]).toMatchObject({ code: 'timeout' });
    nightly.proxy.plan.use([]);
    const { file } = nightly.project;
    await writeFile(file, (await readFile(file, 'utf8')).replace('"deadline": 1', '"deadline": "12h"'));
    const { export: name, snapshot } = outputOf(await nightly.run(0));
    expect(name).toBe(snapshot);
  });

  it('because the quota of snapshots is used up is not waited for', async () => {
    const nightly = await ground.exporting();
    const fault = { kind: 'error', status: 400, type: 'SnapshotQuotaExceeded' } as const;
    nightly.proxy.plan.use([{ on: 'CreateDBSnapshot', fault }]);
    const run = await nightly.run(4);
    expect(errorsOf(run)[0]).toMatchObject({
      code: 'quota_exceeded',
      hint: expect.stringContaining('waiting does not help'),
    });
  });

  it('for a moment, or answers into nothing, is asked again', async () => {
    const nightly = await ground.exporting();
    nightly.proxy.plan.use([
      { on: 'CreateDBSnapshot', fault: { kind: 'reset after' }, times: 1 },
      { on: 'StartExportTask', fault: { kind: 'reset after' }, times: 1 },
      { on: 'DescribeExportTasks', fault: { kind: 'throttle' }, times: 1 },
      { on: 'DeleteDBSnapshot', fault: { kind: 'torn' }, times: 1 },
    ]);
    const { export: name, snapshot } = outputOf(await nightly.run(0));
    expect(name).toBe(snapshot);
    expect(nightly.service.exports()).toHaveLength(1);
    const { export: next } = outputOf(await nightly.run(0));
    expect(await ground.snapshots(nightly.step)).toEqual([next]);
  });
});

describe.concurrent('a plan', { timeout: LIMIT_MS }, () => {
  it('tells names, price and every permission with its reason, and begins nothing', async () => {
    const nightly = await ground.exporting();
    const before = await ground.snapshots(nightly.step);
    const plan = await nightly.plan();
    expect(plan.status).toBe(0);
    const planned = plan.events.find(({ event }) => event === 'plan');
    expect(planned).toMatchObject({
      export: expect.stringMatching(new RegExp(`^${nightly.step}(-\\d+){5}$`)),
      gib: 20,
      dollars: 0.2,
      keep: { exports: 1, snapshots: 1 },
    });
    const permissions = planned?.['permissions'] as { action: string; resource: string; reason: string }[];
    const on = Object.fromEntries(permissions.map(({ action, resource }) => [action, resource]));
    expect(on).toMatchObject({
      'iam:PassRole': ground.role,
      'kms:CreateGrant': ground.kmsKey,
      'kms:DescribeKey': ground.kmsKey,
      'rds:CreateDBSnapshot': `arn:aws:rds:eu-west-1:123456789012:snapshot:${nightly.step}-*`,
      'rds:DeleteDBSnapshot': `arn:aws:rds:eu-west-1:123456789012:snapshot:${nightly.step}-*`,
    });
    const wild = permissions.filter(({ resource }) => resource.includes('*'));
    expect(wild.every(({ reason, action }) => reason.includes('*') || action.startsWith('s3:'))).toBe(true);
    expect(await ground.snapshots(nightly.step)).toEqual(before);
    expect(await nightly.objects()).toEqual([]);
  });

  it.each([
    ['a key that is not there', { kmsKey: 'arn:aws:kms:eu-west-1:123456789012:key/none' }, 'kms_key_refused'],
    ['a role that is not there', { role: 'arn:aws:iam::123456789012:role/none' }, 'role_refused'],
    ['a role that RDS may not take', { role: 'arn:aws:iam::123456789012:role/other' }, 'role_refused'],
  ])('refuses %s before a snapshot is taken', async (_, to, code) => {
    const nightly = await ground.exporting({ to });
    const before = await ground.snapshots(nightly.step);
    const run = await nightly.run(2);
    expect(errorsOf(run)).toMatchObject([{ code }]);
    expect(await ground.snapshots(nightly.step)).toEqual(before);
  });

  it('refuses a database that is not there, and an instance of a cluster that is none', async () => {
    const nightly = await ground.exporting({ database: { instance: 'no-such' } });
    expect(errorsOf(await nightly.run(2))).toMatchObject([{ code: 'database_missing' }]);
  });

  it('refuses a place whose LATEST.json is of another step', async () => {
    const nightly = await ground.exporting();
    await nightly.run(0);
    const latest = { ...(await nightly.latest()), step: 'another' };
    await nightly.put('exports/LATEST.json', JSON.stringify(latest));
    expect(errorsOf(await nightly.run(2))).toMatchObject([{ code: 'folder_taken' }]);
  });
});

it('commands that look at rows say that an export has none to look at', { timeout: LIMIT_MS }, async () => {
  const nightly = await ground.exporting();
  const verify = await nightly.project.command('verify');
  expect([verify.status, errorsOf(verify)[0]?.['code']]).toEqual([2, 'usage']);
  const trace = await nightly.project.command('trace', '42');
  expect(trace.stdout).toContain('which no key finds');
  expect(await nightly.project.rejects()).toEqual([]);
});
