import { expect, test } from 'vitest';
import { parseDeclaration } from '../declare/load.js';
import type { SluiceError } from '../errors.js';
import { refuseUndeployable } from './deployable.js';

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
) {
  const chosen = Object.fromEntries(used.map((name) => [name, connections[name]]));
  const text = JSON.stringify({ pipeline: 'p', connections: chosen, steps, ...more });
  const declaration = await parseDeclaration(text, 'p.yaml', {
    env: { PW: 'x', MASK: '0123456789abcdef' },
    cwd: '/',
  });
  try {
    refuseUndeployable(declaration, 'p.yaml', 'eu-west-1');
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

test('everything that is bound to one machine is said at once, each with its place and what to write instead', async () => {
  const keyed = { ...to, table: 'others', key: { partition: 'id' } };
  const steps = [
    { copy: 'a', from: { connection: 'shop', table: 'rows' }, to, mask: { name: 'hash' } },
    { copy: 'b', from: { connection: 'stage', table: 'rows', keys: '-' }, to: { ...keyed, mode: 'mirror' } },
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
    'steps[1].to.mode',
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
  const refuse = (region: string) => () => refuseUndeployable(declaration, 'p.yaml', region);
  expect(refuse('eu-west-1')).toThrow(expect.objectContaining({ code: 'not_deployable' }));
  expect(refuse('eu-central-1')).not.toThrow();
});
