import { describe, expect, test } from 'vitest';
import { problemsOf } from '../../test/fixtures/declarations.js';

const tables = { from: '{ connection: prod, table: ttt }', to: '{ connection: dev, table: ttt }' };

/** A copy through the queue `inbox`, which is declared in line 3 by these options. */
function inbox(options: string, { from = tables.from, to = tables.to } = {}): string {
  return `pipeline: p
connections:
  inbox: { kind: sqs, ${options} }
  prod: { kind: dynamodb, region: eu-west-1 }
  dev: { kind: dynamodb, region: eu-west-2 }
steps:
  - copy: a
    from: ${from}
    to: ${to}
    via: { connection: inbox }
`;
}

const url = 'https://sqs.eu-west-1.amazonaws.com/111122223333/inbox';

test.each([
  ['a name', 'queue: inbox'],
  [
    'a name, an account, a region and a role',
    'queue: in_box-1, account: "111122223333", region: eu-west-1, role: "arn:aws:iam::111122223333:role/r"',
  ],
  ['a URL', `url: "${url}"`],
  ['a URL and its region', `url: "${url}", region: eu-west-1`],
  ['the URL of an emulator', 'url: "http://127.0.0.1:4566/000000000000/inbox"'],
  ['a FIFO queue', 'queue: inbox.fifo'],
  ['a redrive queue by its name', 'queue: inbox, redrive: aside'],
  ['a redrive queue by its URL', `queue: inbox, redrive: "${url}-redrive"`],
  ['what deploying makes', 'queue: inbox, create: true, account: "111122223333", sender: "444455556666"'],
  [
    'what deploying makes for a role',
    'queue: in_box.fifo, create: true, redrive: aside.fifo, sender: "arn:aws:iam::111122223333:role/r"',
  ],
  ['that large rows are refused', 'queue: inbox, large: refuse'],
  [
    'a bucket for large rows',
    'queue: inbox, large: { bucket: my-rows, prefix: "a b/ü/", region: eu-west-1 }',
  ],
])('a queue may be declared by %s', async (_name, options) => {
  expect(await problemsOf(inbox(options))).toEqual([]);
});

const mistakes: readonly [name: string, options: string, problems: readonly string[]][] = [
  [
    'no queue',
    'region: eu-west-1',
    [
      '3:10 connections.inbox which queue is missing: `queue` or `url` (missing_field) → queue: the name of the queue',
    ],
  ],
  [
    'a name and a URL',
    `queue: inbox, url: "${url}"`,
    [
      '3:30 connections.inbox.queue `queue` and `url` exclude each other (conflict) → the URL names the account and the queue',
    ],
  ],
  [
    'an account beside a URL',
    `url: "${url}", account: "111122223333"`,
    [expect.stringContaining('connections.inbox.account `account` and `url` exclude each other (conflict)')],
  ],
  [
    'another region than that of the URL',
    `url: "${url}", region: us-east-1`,
    [expect.stringContaining('connections.inbox.region `region` is not the region of `url` (conflict)')],
  ],
  [
    'a queue of a URL that is made',
    `url: "${url}", create: true`,
    [expect.stringContaining('connections.inbox.create `create` and `url` exclude each other (conflict)')],
  ],
  [
    'a sender of a queue that is not made',
    'queue: inbox, sender: "111122223333"',
    [
      expect.stringContaining(
        'connections.inbox.sender `sender` is of a queue that deploy makes (conflict) → say `create: true`',
      ),
    ],
  ],
  [
    'a redrive queue of another kind than the one that is made',
    'queue: inbox, create: true, redrive: aside.fifo',
    [expect.stringContaining('connections.inbox.redrive')],
  ],
  [
    'a sender that is neither an account nor a role',
    'queue: inbox, create: true, sender: me',
    [expect.stringContaining('expected an account in quotes, or the ARN of a role')],
  ],
  ['a name with a space', 'queue: in box', [expect.stringContaining('not the name of a queue')]],
  [
    'a name that is too long',
    `queue: ${'q'.repeat(81)}`,
    [expect.stringContaining('not the name of a queue')],
  ],
  [
    'an account that is a number',
    'queue: q, account: 111122223333',
    [expect.stringContaining('connections.inbox.account')],
  ],
  [
    'a URL without an account',
    'url: "https://sqs.eu-west-1.amazonaws.com/inbox"',
    [expect.stringContaining('not the URL of a queue')],
  ],
  [
    'a URL of a metadata service',
    'url: "http://169.254.169.254/111122223333/inbox"',
    [expect.stringContaining('metadata services are refused')],
  ],
  [
    'an endpoint of a metadata service for large rows',
    'queue: q, large: { bucket: bbb, endpoint: "http://169.254.169.254" }',
    [expect.stringContaining('connections.inbox.large')],
  ],
  [
    'a prefix that would meet its neighbours',
    'queue: q, large: { bucket: bbb, prefix: rows }',
    [expect.stringContaining('connections.inbox.large')],
  ],
  ['a misspelled field', 'queue: q, redriv: x', [expect.stringContaining('did you mean "redrive"')]],
];

describe('of the mistakes in queues', () => {
  test.each(mistakes)('%s is named', async (_name, options, problems) => {
    expect(await problemsOf(inbox(options))).toEqual(problems);
  });

  test('a password in a URL is not repeated', async () => {
    const said = await problemsOf(inbox('url: "http://user:hunter2@host/111122223333/inbox"'));
    expect(said).toEqual([expect.stringContaining('connections.inbox.url')]);
    expect(said.join()).not.toContain('hunter2');
  });

  test('a queue as a source or a sink is named, and where it goes instead', async () => {
    const end = '{ connection: inbox, table: ttt }';
    const hint = (field: string) =>
      `which lies between a source and a sink (conflict) → via: { connection: "inbox" }, and a table in \`${field}\``;
    expect(await problemsOf(inbox('queue: q', { from: end }))).toContain(
      `8:25 steps[0].from.connection \`from\` names a queue (kind: sqs), ${hint('from')}`,
    );
    expect(await problemsOf(inbox('queue: q', { to: end }))).toContain(
      `9:23 steps[0].to.connection \`to\` names a queue (kind: sqs), ${hint('to')}`,
    );
  });
});
