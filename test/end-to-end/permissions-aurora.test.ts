/** The same for rows that go to Aurora through objects of S3: every call is granted, every grant is used (invariant 9). */
import { expect, it } from 'vitest';
import { CLUSTER_ROLE, testAurora } from '../fixtures/aurora.js';
import { dynamodbConnection } from '../fixtures/dynamodb.js';
import { pipeline } from '../fixtures/in-process.js';
import { testDatabase } from '../fixtures/mysql.js';
import { expectAgreement, granted } from '../fixtures/planned-grants.js';
import { startRecorder } from '../fixtures/request-recorder.js';

it('rows that Aurora reads from S3 are put and removed in a role, and the cluster’s own role reads them', async () => {
  const aurora = await testAurora();
  const { region, endpoint } = aurora.s3;
  const database = await testDatabase('permissions');
  const before = process.env['AWS_ENDPOINT_URL'];
  const recorder = await startRecorder({
    dynamodb: dynamodbConnection().endpoint,
    sqs: endpoint,
    region,
    secrets: {},
  });
  process.env['AWS_ENDPOINT_URL'] = recorder.endpoint;
  try {
    await database.execute(
      'CREATE TABLE few (id INT PRIMARY KEY); INSERT INTO few VALUES (1), (2); CREATE TABLE loaded LIKE few',
    );
    const { port } = aurora.connection;
    const loadFrom = { bucket: aurora.bucket, region };
    const made = await pipeline({
      pipeline: 'loads',
      connections: {
        shop: database.connection,
        report: { ...database.connection, port, loadFrom, role: 'arn:aws:iam::000000000000:role/loads' },
      },
      steps: [
        {
          copy: 'in',
          from: { connection: 'shop', table: 'few' },
          to: { connection: 'report', table: 'loaded', mode: 'append' },
        },
      ],
    });
    const grants = await granted(made);
    recorder.take();
    expect((await made.run({ json: true })).status).toBe(0);
    expectAgreement(
      grants.filter(({ holder }) => holder !== CLUSTER_ROLE),
      recorder.take(),
    );
    const below = `arn:aws:s3:::${aurora.bucket}/sluice/loads/in/*`;
    expect(grants.filter(({ holder }) => holder === CLUSTER_ROLE)).toEqual([
      { holder: CLUSTER_ROLE, action: 's3:ListBucket', resource: `arn:aws:s3:::${aurora.bucket}` },
      { holder: CLUSTER_ROLE, action: 's3:GetObject', resource: below },
      { holder: CLUSTER_ROLE, action: 's3:GetObjectVersion', resource: below },
    ]);
    expect(await database.query('SELECT COUNT(*) FROM loaded')).toEqual([['2']]);
  } finally {
    if (before === undefined) delete process.env['AWS_ENDPOINT_URL'];
    else process.env['AWS_ENDPOINT_URL'] = before;
    await Promise.all([recorder.stop(), aurora.stop(), database.drop()]);
  }
});
