import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestContext, testContext } from '../../../test/fixtures/context.js';
import { idsOf, items, openQueue, receiveAll, rowsOf } from '../../../test/fixtures/queues.js';
import { type QueueOptions, type TestQueue, type TestSqs, testSqs } from '../../../test/fixtures/sqs.js';
import type { Column } from '../../values/column.js';
import type { Queue } from '../queue.js';

const PATIENCE_MS = 120_000;
const origin = { pipeline: 'sample', step: 'users', run: 'r1', readAtMs: Date.UTC(2026, 10, 1) };
const KIB = 1024;

let sqs: TestSqs;
let run: TestContext;

beforeAll(async () => {
  sqs = await testSqs();
  run = await testContext();
});

afterAll(async () => {
  await run.close();
  await sqs.stop();
});

async function opened(
  options: QueueOptions = {},
  connection: object = {},
): Promise<{ readonly queue: Queue; readonly at: TestQueue }> {
  const at = await sqs.queue(options);
  return { at, queue: openQueue({ ...at.connection, ...connection }, run.context) };
}

/** As many rows as ids, sent under these names. */
const ids = (count: number, token: string) =>
  Array.from({ length: count }, (_, index) => `r1/${token}.${index}`).sort();

describe.each([
  ['a queue', {}],
  ['a FIFO queue', { fifo: true }],
])('%s', { timeout: PATIENCE_MS }, (_name, kind: QueueOptions) => {
  it('tells which messages are no longer ours', async () => {
    const { queue } = await opened(kind);
    await queue.send(items(2), ['pk'], origin, 't');
    const received = await receiveAll(queue);
    await queue.remove(received.slice(0, 1));
    expect(await queue.extend(received, 60)).toEqual(received.slice(0, 1));
    await queue.close();
  });
});

describe('what a queue takes', { timeout: PATIENCE_MS }, () => {
  it('is any item of 400 KB, alone or ten in a batch', async () => {
    const { queue } = await opened();
    const sent = await queue.send(
      items(10, () => ({ S: 'a'.repeat(400 * KIB - 20) })),
      ['pk'],
      origin,
      't',
    );
    expect(new Set(sent)).toEqual(new Set(['sent']));
    const received = await receiveAll(queue);
    expect(idsOf(received)).toEqual(ids(10, 't'));
    await queue.close();
  });

  it('is counted to the byte: what is larger is told, and the rest is sent', async () => {
    const { queue } = await opened({ attributes: { MaximumMessageSize: '2048' } });
    const rest =
      2048 -
      queue.sizeOf(
        items(1, () => ({ S: '' })),
        0,
      );
    const sizes = [rest - 200, rest + 200, 10];
    const batch = items(3, (index) => ({ S: 'x'.repeat(sizes[index] ?? 0) }));
    const sent = await queue.send(batch, ['pk'], origin, 't');
    expect(sent).toEqual(['sent', { code: 'item_too_large', message: expect.any(String) }, 'sent']);
    expect(idsOf(await receiveAll(queue))).toEqual(['r1/t.0', 'r1/t.2']);
    await queue.close();
  });

  it('is foretold to within the length of an id', async () => {
    const { queue, at } = await opened();
    const { pipeline, step, run: own } = run.context;
    await queue.send(items(1), ['pk', 'data'], { pipeline, step, run: own, readAtMs: 0 }, 'part-0.17');
    const bytes = (await sqs.drain(at.url)).map(({ Body }) => Buffer.byteLength(Body))[0] ?? 0;
    const foretold = queue.sizeOf(items(1), 0);
    expect(foretold).toBeGreaterThanOrEqual(bytes);
    expect(foretold).toBeLessThan(bytes + 80);
    await queue.close();
  });
});

describe('rows too large for a message', { timeout: PATIENCE_MS }, () => {
  const large = items(3, (index) => ({ S: `${index}é`.repeat(index === 1 ? 10 : 5000) }));
  const attributes = { MaximumMessageSize: '4096' };

  async function withBucket(prefix = 'über allen/+ %25 & /', options: QueueOptions = {}) {
    const bucket = await sqs.bucket();
    const { queue, at } = await opened(
      { attributes, ...options },
      { large: { bucket, prefix, endpoint: sqs.endpoint } },
    );
    return { queue, at, bucket };
  }

  it('go through S3, and their objects go with their messages', async () => {
    const { queue, bucket } = await withBucket();
    expect(await queue.send(large, ['pk'], origin, 't')).toEqual(['sent', 'sent', 'sent']);
    expect(await sqs.objects(bucket)).toHaveLength(2);
    const { maxMessageBytes } = await queue.describe();
    expect(large.rows.map((_, row) => queue.sizeOf(large, row) <= maxMessageBytes)).toEqual([
      true,
      true,
      true,
    ]);
    const received = await receiveAll(queue);
    expect(idsOf(received)).toEqual(ids(3, 't'));
    const rows = received.toSorted((a, b) => a.id.localeCompare(b.id));
    expect(rowsOf(rows)).toEqual(large.rows);
    await queue.remove(received);
    expect(await sqs.objects(bucket)).toEqual([]);
    await queue.close();
  });

  it('stay whole when one of them was sent twice and the first is removed', async () => {
    const { queue } = await withBucket();
    await queue.send(large, ['pk'], origin, 't');
    await queue.send(large, ['pk'], origin, 't');
    const seen: string[] = [];
    for (let turn = 0; turn < 6; turn++) {
      const [one] = await queue.receive({ max: 1, waitSeconds: 0 });
      if (one === undefined) break;
      expect(one.kind).toBe('row');
      seen.push(one.id);
      await queue.remove([one]);
    }
    expect(seen.sort()).toEqual([...ids(3, 't'), ...ids(3, 't')].sort());
    await queue.close();
  });

  it('stay where the message stays: the service says that it removed what was no longer ours', async () => {
    const { queue, bucket } = await withBucket('p/', {
      attributes: { ...attributes, VisibilityTimeout: '0' },
    });
    await queue.send(large, ['pk'], origin, 't');
    const received = await queue.receive({ max: 3, waitSeconds: 0 });
    expect(await queue.receive({ max: 3, waitSeconds: 0 })).toHaveLength(3);
    expect(await queue.remove(received)).toEqual([]);
    expect(await sqs.objects(bucket)).toHaveLength(2);
    const again = await queue.receive({ max: 3, waitSeconds: 0 });
    expect(idsOf(again)).toEqual(ids(3, 't'));
    expect(again.map(({ kind }) => kind)).toEqual(['row', 'row', 'row']);
    await queue.close();
  });

  it('are misfits where the object is gone, was changed, or lies elsewhere', async () => {
    const { queue, at, bucket } = await withBucket('p/');
    await queue.send(large, ['pk'], origin, 't');
    const [gone, changed] = await sqs.objects(bucket);
    await fetch(`${sqs.endpoint}/${bucket}/${gone}`, { method: 'DELETE' });
    await fetch(`${sqs.endpoint}/${bucket}/${changed}`, { method: 'PUT', body: '{}' });
    const received = await receiveAll(queue);
    expect(
      rowsOf(received)
        .filter((row) => typeof row === 'string')
        .sort(),
    ).toEqual([
      'the object that holds its row is gone',
      'the object that holds its row is not the one that was sent',
    ]);
    for (const one of received) await queue.extend([one], 0);
    const elsewhere = openQueue(
      { ...at.connection, large: { bucket: 'another', endpoint: sqs.endpoint } },
      run.context,
    );
    const foreign = await receiveAll(elsewhere);
    expect(rowsOf(foreign)).toContain('its row lies outside of the declared bucket and prefix');
    await queue.close();
    await elsewhere.close();
  });

  it('are misfits to a receiver that declares no bucket', async () => {
    const { queue, at } = await withBucket('p/');
    await queue.send(large, ['pk'], origin, 't');
    const other = openQueue(at.connection, run.context);
    const why = rowsOf(await receiveAll(other)).filter((row) => typeof row === 'string');
    expect(why).toHaveLength(2);
    expect(why[0]).toContain('declares no `large`');
    await queue.close();
    await other.close();
  });

  it('keep their objects while they are set aside', async () => {
    const { queue, bucket } = await withBucket('p/', { maxReceives: 5 });
    await queue.send(large, ['pk'], origin, 't');
    for (const one of await receiveAll(queue)) await queue.setAside(one, { code: 'c', message: 'm' });
    const aside = await queue.aside({ max: 10, seconds: 60 });
    expect(idsOf(aside.map(({ delivery }) => delivery))).toEqual(ids(3, 't'));
    expect(await sqs.objects(bucket)).toHaveLength(2);
    for (const one of aside) await queue.settle(one);
    expect(await sqs.objects(bucket)).toEqual([]);
    await queue.close();
  });
});

describe('messages that cannot be written', { timeout: PATIENCE_MS }, () => {
  it('are told apart from rows, and their values are not repeated', async () => {
    const { queue, at } = await opened();
    await sqs.send(at.url, ['{"password":"hunter2"}', 'hunter2']);
    const received = await receiveAll(queue);
    expect(received).toMatchObject([{ kind: 'misfit' }, { kind: 'misfit' }]);
    expect(JSON.stringify(received)).not.toContain('hunter2');
    await queue.close();
  });

  it('are those that the service gave up, too', async () => {
    const { queue } = await opened({ maxReceives: 1 });
    await queue.send(items(1), ['pk'], origin, 't');
    await queue.extend(await receiveAll(queue), 0);
    expect(await receiveAll(queue)).toEqual([]);
    const [aside] = await queue.aside({ max: 10, seconds: 60 });
    expect(aside).toMatchObject({ code: 'received_too_often', delivery: { id: 'r1/t.0', kind: 'row' } });
    await queue.close();
  });

  it('go to the queue that `redrive` names, before that of the policy', async () => {
    const other = await sqs.queue();
    const { queue, at } = await opened({ maxReceives: 5 }, { redrive: other.name });
    await queue.send(items(1), ['pk'], origin, 't');
    for (const one of await receiveAll(queue)) await queue.setAside(one, { code: 'c', message: 'm' });
    expect(await sqs.drain(at.redrive?.url ?? '')).toEqual([]);
    const [raw] = await sqs.drain(other.url);
    expect(raw?.MessageAttributes?.['sluice-aside']?.StringValue).toContain('"code":"c"');
    await queue.close();
  });

  it('cannot be set aside where there is no redrive queue', async () => {
    const { queue } = await opened();
    await queue.send(items(1), ['pk'], origin, 't');
    const [one] = await receiveAll(queue);
    if (one === undefined) throw new Error('nothing was received');
    await expect(queue.setAside(one, { code: 'c', message: 'm' })).rejects.toMatchObject({
      code: 'queue_missing',
      hint: expect.stringContaining('redrive'),
    });
    await queue.close();
  });
});

describe('what is said of a queue', { timeout: PATIENCE_MS }, () => {
  const account = '000000000000';

  it('are its names where it is not there and deploying makes it, with rights on what it will be', async () => {
    const connection = { kind: 'sqs', queue: 'not-yet.fifo', endpoint: sqs.endpoint, region: sqs.region };
    const missing = openQueue(connection, run.context);
    await expect(missing.describe()).rejects.toMatchObject({ code: 'queue_missing' });
    const queue = openQueue({ ...connection, create: true }, run.context);
    const { receivePermissions, ...said } = await queue.describe();
    const arn = `arn:aws:sqs:${sqs.region}:*:not-yet`;
    expect(said).toMatchObject({
      arn: `${arn}.fifo`,
      unseen: { code: 'queue_missing' },
      redrive: { name: 'not-yet-redrive.fifo', arn: `${arn}-redrive.fifo` },
    });
    expect(receivePermissions).toContainEqual({
      action: 'sqs:DeleteMessage',
      resource: `${arn}.fifo`,
      reason: expect.any(String),
      wildcard: 'the account is known only once the queue is there',
    });
    await Promise.all([missing.close(), queue.close()]);
  });

  it('are its times, its limits and what lies in it', async () => {
    const { queue, at } = await opened({ maxReceives: 5, attributes: { VisibilityTimeout: '40' } });
    await queue.send(items(3), ['pk'], origin, 't');
    await queue.receive({ max: 1, waitSeconds: 0 });
    const { findings, sendPermissions, receivePermissions, ...said } = await queue.describe();
    const arn = `arn:aws:sqs:${sqs.region}:${account}:${at.name}`;
    expect(said).toEqual({
      name: `queue ${at.name}`,
      identity: `${sqs.endpoint} ${arn}`,
      arn,
      visibilitySeconds: 40,
      retentionSeconds: 345_600,
      maxMessageBytes: 1_048_576 - 1024,
      waiting: 2,
      inFlight: 1,
      redrive: { name: `${at.name}-redrive`, arn: `${arn}-redrive`, maxReceives: 5 },
    });
    expect(findings).toEqual([]);
    expect(said.unseen).toBeUndefined();
    expect(sendPermissions.map(({ action, resource }) => `${action} ${resource}`)).toEqual([
      `sqs:GetQueueUrl ${arn}`,
      `sqs:GetQueueAttributes ${arn}`,
      `sqs:SendMessage ${arn}`,
    ]);
    expect(receivePermissions.map(({ action, resource }) => `${action} ${resource}`)).toEqual([
      `sqs:GetQueueUrl ${arn}`,
      `sqs:GetQueueAttributes ${arn}`,
      `sqs:ReceiveMessage ${arn}`,
      `sqs:ChangeMessageVisibility ${arn}`,
      `sqs:DeleteMessage ${arn}`,
      `sqs:GetQueueUrl ${arn}-redrive`,
      `sqs:GetQueueAttributes ${arn}-redrive`,
      `sqs:SendMessage ${arn}-redrive`,
      `sqs:ReceiveMessage ${arn}-redrive`,
      `sqs:ChangeMessageVisibility ${arn}-redrive`,
      `sqs:DeleteMessage ${arn}-redrive`,
    ]);
    await queue.close();
  });

  it.each([
    ['no redrive queue', {}, {}, 'warn the queue has no redrive queue'],
    [
      'a redrive policy that gives up early',
      { maxReceives: 1 },
      {},
      'warn the redrive policy gives a message up after 1',
    ],
    [
      'a short visibility timeout',
      { maxReceives: 5, attributes: { VisibilityTimeout: '5' } },
      {},
      'warn a message that was received comes again after 5 s',
    ],
    [
      'a short retention',
      { maxReceives: 5, attributes: { MessageRetentionPeriod: '60' } },
      {},
      'warn the queue loses messages that nobody received within 60 s',
    ],
    [
      'messages smaller than items',
      { maxReceives: 5, attributes: { MaximumMessageSize: '262144' } },
      {},
      'note rows whose message is larger than 262144 bytes are rejects',
    ],
    [
      'a redrive queue that is not there',
      { maxReceives: 5 },
      { redrive: 'no-such-queue' },
      'warn the redrive queue no-such-queue does not exist, or may not be seen from here',
    ],
    [
      'a key of its own',
      { maxReceives: 5, attributes: { KmsMasterKeyId: 'alias/inbox' } },
      {},
      'note the queue is encrypted with a KMS key',
    ],
  ])('warns of %s', async (_name, options, connection, finding) => {
    const { queue } = await opened(options, connection);
    const { findings } = await queue.describe();
    expect(findings.map(({ level, message }) => `${level} ${message}`)).toEqual([
      expect.stringContaining(finding),
    ]);
    await queue.close();
  });

  it('is that it does not exist', async () => {
    const { queue } = await opened({}, { queue: 'no-such-queue' });
    await expect(queue.describe()).rejects.toMatchObject({ code: 'queue_missing', hint: expect.any(String) });
    await queue.close();
  });
});

describe('a row of MySQL', { timeout: PATIENCE_MS }, () => {
  it('comes out of a queue with its columns as they are described', async () => {
    const { queue } = await opened();
    const columns: Column[] = [
      { name: 'id', type: 'int', nullable: false, native: 'bigint unsigned' },
      { name: 'price', type: 'decimal', nullable: true, precision: 40, scale: 2 },
      { name: 'photo', type: 'bytes', nullable: true, maxBytes: 255 },
      { name: 'gone', type: 'datetime', nullable: true },
    ];
    const row = ['18446744073709551615', '0.10', Buffer.from([0, 255]), null];
    await queue.send({ columns, rows: [row], bytes: 40 }, ['id'], origin, 't');
    const [one] = await receiveAll(queue);
    expect(one).toMatchObject({ kind: 'row', batch: { columns, rows: [row] } });
    await queue.close();
  });
});
