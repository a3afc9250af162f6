import { expect, test } from 'vitest';
import { parseDeclaration } from '../declare/load.js';
import type { SluiceError } from '../errors.js';
import { refuseUndeployable, refuseUndeployablePlan } from './deployable.js';

const connections = {
  shop: {
    kind: 'mysql',
    host: 'db',
    user: 'u',
    password: { env: 'PW' },
    database: 'd',
    tls: { ca: 'ca.pem' },
  },
  secret: { kind: 'mysql', secret: 'prod/shop', region: 'eu-west-1' },
  socket: { kind: 'mysql', secret: 'prod/shop', region: 'eu-west-1', host: '127.0.0.1' },
  emulated: { kind: 'dynamodb', region: 'eu-west-1', endpoint: 'http://localhost:8000' },
  inbox: { kind: 'sqs', queue: 'inbox', region: 'eu-west-1' },
  stage: { kind: 'dynamodb', region: 'eu-west-1' },
  here: { kind: 'files', path: './out' },
  lake: { kind: 's3', bucket: 'lake', region: 'eu-west-1' },
};
const from = { connection: 'secret', table: 'rows' };
const to = { connection: 'stage', table: 'rows', mode: 'put' };

async function refused(
  used: readonly (keyof typeof connections)[],
  steps: readonly object[],
  more: object = {},
  env: Readonly<Record<string, string>> = {},
) {
  const chosen = Object.fromEntries(used.map((name) => [name, connections[name]]));
  const text = JSON.stringify({ pipeline: 'p', connections: chosen, steps, ...more });
  const declaration = await parseDeclaration(text, 'p.yaml', {
    env: { PW: 'x', MASK: '0123456789abcdef' },
    cwd: '/',
  });
  try {
    const place = { account: '111122223333', region: 'eu-west-1', half: 'both' } as const;
    refuseUndeployable(declaration, 'p.yaml', place, env);
    return [];
  } catch (error) {
    const { code, problems } = error as SluiceError;
    expect(code).toBe('not_deployable');
    return problems.map(({ path, message, hint }) => `${path}: ${message} → ${hint}`);
  }
}

test('what can be deployed is not refused', async () => {
  expect(await refused(['secret', 'stage'], [{ copy: 'a', from, to }])).toEqual([]);
});

const proxy = 'shop.proxy-c1a2b3.eu-west-1.rds.amazonaws.com';
const report = { connection: 'secret', table: 'rows' };
const back = { copy: 'a', from: { connection: 'stage', table: 'rows' } };
const follow = { replicate: 'a', from: { connection: 'stage', table: 'rows' } };

test.each<
  [what: string, used: readonly (keyof typeof connections)[], steps: readonly object[], more?: object]
>([
  [
    'a key list of a query',
    ['stage', 'secret'],
    [
      {
        ...back,
        from: { ...back.from, keys: { connection: 'secret', query: 'SELECT id FROM k' } },
        to: { ...to, table: 'others' },
      },
    ],
  ],
  [
    'CSV on S3',
    ['lake', 'stage'],
    [{ ...back, from: { connection: 'lake', table: 'rows', format: 'csv' }, to }],
  ],
  [
    'JSON Lines on S3',
    ['lake', 'stage'],
    [{ ...back, from: { connection: 'lake', table: 'rows', format: 'jsonl' }, to }],
  ],
  ['a mask that needs no key', ['secret', 'stage'], [{ copy: 'a', from, to, mask: { name: 'redact' } }]],
  ['a key that no mask needs', ['secret', 'stage'], [{ copy: 'a', from, to }], { maskKey: { env: 'MASK' } }],
  ['triggers that fire', ['secret', 'stage'], [{ ...back, to: { ...report, triggers: 'fire' } }]],
  [
    'foreign keys that are checked',
    ['secret', 'stage'],
    [{ ...back, to: { ...report, foreignKeys: 'check' } }],
  ],
  ['replace', ['secret', 'stage'], [{ ...back, to: { ...report, mode: 'replace' } }]],
  ['mirror into DynamoDB', ['secret', 'stage'], [{ copy: 'a', from, to: { ...to, mode: 'mirror' } }]],
  ['mirror into MySQL', ['secret', 'stage'], [{ ...back, to: { ...report, mode: 'mirror' } }]],
  ['one snapshot', ['secret', 'stage'], [{ copy: 'a', from: { ...from, consistency: 'snapshot' }, to }]],
  ['a pace', ['secret', 'stage'], [{ copy: 'a', from, to, pace: { items: 5 } }]],
  ['a proxy', ['secret', 'stage'], [{ copy: 'a', from, to }], { deploy: { proxy: { secret: proxy } } }],
  ['changes', ['secret', 'stage'], [{ ...follow, to: { ...report, mode: 'append' } }]],
])('%s is not refused', async (_, used, steps, more) => {
  expect(await refused(used, steps, more)).toEqual([]);
});

test.each<
  [
    path: string,
    why: string,
    used: readonly (keyof typeof connections)[],
    steps: readonly object[],
    more?: object,
  ]
>([
  [
    'steps[0].to.triggers',
    'put back',
    ['secret', 'stage'],
    [{ ...back, to: { ...report, triggers: 'suspend' } }],
  ],
  [
    'steps[0].to.foreignKeys',
    'verified',
    ['secret', 'stage'],
    [{ ...back, to: { ...report, foreignKeys: 'after' } }],
  ],
  [
    'steps[0].to.triggers',
    'put back',
    ['secret', 'stage'],
    [{ ...follow, to: { ...report, mode: 'append', triggers: 'suspend' } }],
  ],
  [
    'steps[0].to',
    'one machine',
    ['lake', 'stage'],
    [{ ...back, to: { connection: 'lake', table: 'rows', format: 'jsonl' } }],
  ],
  [
    'connections.socket.host',
    'this machine',
    ['socket', 'stage'],
    [{ copy: 'a', from: { connection: 'socket', table: 'rows' }, to }],
  ],
  [
    'connections.emulated.endpoint',
    'this machine',
    ['secret', 'emulated'],
    [{ copy: 'a', from, to: { ...to, connection: 'emulated' } }],
  ],
  [
    'deploy.proxy.secret',
    'no public address',
    ['secret', 'stage'],
    [{ copy: 'a', from, to }],
    { deploy: { vpc: 'none', proxy: { secret: proxy } } },
  ],
  [
    'steps[0].pace',
    'no pace would be kept',
    ['secret', 'stage'],
    [{ ...follow, to: { ...report, mode: 'append' }, pace: { items: 1 } }],
  ],
  [
    'steps[1]',
    'of its own',
    ['secret', 'stage'],
    [
      { copy: 'b', from, to: { ...to, table: 'other' } },
      { ...follow, to: { ...report, mode: 'append' } },
    ],
  ],
])('%s is refused: %s', async (path, why, used, steps, more) => {
  const found = await refused(used, steps, more);
  expect(found.map((line) => line.slice(0, line.indexOf(':')))).toEqual([path]);
  expect(found[0]).toContain(why);
  expect(found[0]).not.toContain('→ undefined');
});

test('where AWS is an emulator of this machine, its functions find this machine', async () => {
  const steps = [{ copy: 'a', from, to: { ...to, connection: 'emulated' } }];
  const env = { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' };
  expect(await refused(['secret', 'emulated'], steps, {}, env)).toEqual([]);
});

test('everything that is bound to one machine is said at once, each with its place and what to write instead', async () => {
  const keyed = { ...to, table: 'others', key: { partition: 'id' } };
  const steps = [
    { copy: 'a', from: { connection: 'shop', table: 'rows' }, to, mask: { name: 'hash' } },
    { copy: 'b', from: { connection: 'stage', table: 'rows', keys: '-' }, to: keyed },
    { copy: 'c', from, to: { connection: 'here', table: 'rows', format: 'csv' } },
    { parallel: [{ call: 'd', run: ['true'] }] },
    { copy: 'e', from, to: { connection: 'lake', table: 'rows', format: 'csv' } },
    { copy: 'f', from: { connection: 'lake', table: 'rows', format: 'parquet' }, to },
  ];
  const names = ['secret', 'shop', 'stage', 'here', 'lake'] as const;
  const found = await refused(names, steps, { maskKey: { env: 'MASK' } });
  expect(found.map((line) => line.slice(0, line.indexOf(':')))).toEqual([
    'connections.shop.password',
    'connections.shop.tls',
    'connections.here',
    'maskKey',
    'steps[1].from.keys',
    'steps[3].parallel[0]',
    'steps[4].to',
    'steps[5].from',
  ]);
  expect(found[0]).toBe(
    "connections.shop.password: a password of the environment would be in the function's configuration, for all who may see it → keep host, username, password and dbname in Secrets Manager: secret: NAME",
  );
});

test('an export of a database in another region is refused', async () => {
  const arns = {
    kmsKey: 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd',
    role: 'arn:aws:iam::111122223333:role/r',
  };
  const lake = { ...connections.lake, prefix: 'exports/', region: 'eu-central-1' };
  const text = JSON.stringify({
    pipeline: 'p',
    connections: { prod: { kind: 'rds', instance: 'shop', region: 'eu-central-1' }, lake },
    steps: [{ export: 'a', from: { connection: 'prod' }, to: { connection: 'lake', ...arns } }],
  });
  const declaration = await parseDeclaration(text, 'p.yaml', { env: {}, cwd: '/' });
  const refuse = (region: string) => () =>
    refuseUndeployable(declaration, 'p.yaml', { account: '111122223333', region, half: 'both' });
  expect(refuse('eu-west-1')).toThrow(expect.objectContaining({ code: 'not_deployable' }));
  expect(refuse('eu-central-1')).not.toThrow();
});

test('an export with the alias of a key is refused, since no policy names a key by that', async () => {
  const to = {
    connection: 'lake',
    kmsKey: 'arn:aws:kms:eu-west-1:111122223333:alias/lake',
    role: 'arn:aws:iam::111122223333:role/r',
  };
  const prod = { kind: 'rds', instance: 'shop', region: 'eu-west-1' };
  const lake = { ...connections.lake, prefix: 'exports/' };
  const steps = [{ export: 'a', from: { connection: 'prod' }, to }];
  expect(await refused([], steps, { connections: { prod, lake } })).toEqual([
    expect.stringMatching(/^steps\[0\]\.to\.kmsKey: .* by an alias → /),
  ]);
});

test('so is a queue or a bucket that names its key so', async () => {
  const key = 'arn:aws:kms:eu-west-1:111122223333';
  const need = (connection: string, resource: string) => ({
    step: 'a',
    connection,
    permission: { action: 'kms:Decrypt', resource, reason: 'it is encrypted' },
  });
  const declaration = await parseDeclaration(
    JSON.stringify({
      pipeline: 'p',
      connections: { secret: connections.secret, stage: connections.stage },
      steps: [{ copy: 'a', from, to }],
    }),
    'p.yaml',
    { env: {}, cwd: '/' },
  );
  const refuse = (...needs: readonly ReturnType<typeof need>[]) => {
    try {
      const facts = { queues: new Map(), needs, forecasts: [] };
      refuseUndeployablePlan(declaration, 'p.yaml', facts, { half: 'both' });
      return [];
    } catch (error) {
      return (error as SluiceError).problems.map(({ path }) => path);
    }
  };
  expect(refuse(need('inbox', `${key}:key/1234abcd`))).toEqual([]);
  expect(
    refuse(need('inbox', `${key}:alias/inbox`), need('lake', 'arn:aws:kms:eu-west-1:*:alias/lake')),
  ).toEqual(['connections.inbox', 'connections.lake']);
});
