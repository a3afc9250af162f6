import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TestMoto, testMoto } from '../../test/fixtures/moto.js';
import { needsServer } from '../../test/fixtures/servers.js';

needsServer('moto');

let moto: TestMoto;
beforeAll(async () => {
  moto = await testMoto();
});
afterAll(() => moto?.stop());

it('has an RDS with instances and snapshots', async () => {
  await moto.rds('CreateDBInstance', {
    DBInstanceIdentifier: 'shop',
    Engine: 'mysql',
    DBInstanceClass: 'db.t4g.micro',
    AllocatedStorage: '20',
    MasterUsername: 'app',
    MasterUserPassword: 'not-a-secret',
  });
  const snapshot = { DBInstanceIdentifier: 'shop', DBSnapshotIdentifier: 'nightly' };
  const made = await moto.rds('CreateDBSnapshot', snapshot);
  expect(made).toContain(`arn:aws:rds:${moto.region}:123456789012:snapshot:nightly`);
});

it('has an S3 that puts on conditions, and lists uploads', async () => {
  const bucket = await moto.bucket();
  const put = async (body: string, headers: Record<string, string>) => {
    const { status, headers: answer } = await moto.s3(`/${bucket}/LATEST.json`, {
      method: 'PUT',
      body,
      headers,
    });
    return { status, etag: answer.get('etag') ?? '' };
  };
  const first = await put('one', { 'if-none-match': '*' });
  expect(first.status).toBe(200);
  expect((await put('two', { 'if-none-match': '*' })).status).toBe(412);
  expect((await put('two', { 'if-match': first.etag })).status).toBe(200);
  expect((await put('three', { 'if-match': first.etag })).status).toBe(412);
  await moto.s3(`/${bucket}/part?uploads`, { method: 'POST' });
  expect(await (await moto.s3(`/${bucket}?uploads`)).text()).toContain('<Key>part</Key>');
});
