import { expect, test } from 'vitest';
import { parseDeclaration } from '../declare/load.js';
import { deployedNetworks } from './deployed-networks.js';

const rds = 'shop.c1a2b3d4e5f6.eu-west-1.rds.amazonaws.com';
const place = { account: '111122223333', region: 'eu-west-1', offline: false };

/** With an RDS that nobody can reach: whoever asks it fails. */
async function found(host: string, deploy: object, offline = false) {
  const text = JSON.stringify({
    pipeline: 'p',
    connections: {
      shop: { kind: 'mysql', secret: 'prod/shop', region: 'eu-west-1' },
      stage: { kind: 'dynamodb', region: 'eu-west-1' },
    },
    steps: [
      { copy: 'a', from: { connection: 'shop', table: 'a' }, to: { connection: 'stage', table: 'rows' } },
    ],
    deploy,
  });
  const declaration = await parseDeclaration(text, 'p.yaml', { env: {}, cwd: '/' });
  const env = {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_RDS: 'http://127.0.0.1:1',
  };
  const signal = AbortSignal.timeout(2000);
  return await deployedNetworks({ declaration, env, signal }, new Map([['shop', { host }]]), {
    ...place,
    offline,
  });
}

test.each<[what: string, host: string, deploy: object, offline?: true]>([
  [
    'the declaration says it',
    rds,
    { vpc: { subnets: ['subnet-0a1b2c3d'], securityGroups: ['sg-0a1b2c3d'] } },
  ],
  ['the declaration says that there is none', rds, { vpc: 'none' }],
  ['it is told to ask nobody', rds, {}, true],
  ['the database is none of RDS', 'db.shop.example', {}],
])('RDS is not asked where %s', async (_, host, deploy, offline) => {
  expect(await found(host, deploy, offline)).toEqual(new Map());
});

test.each([
  ['the database', rds, {}],
  [
    'the proxy before it',
    'db.shop.example',
    { proxy: { shop: 'shop.proxy-c1a2.eu-west-1.rds.amazonaws.com' } },
  ],
])('RDS is asked for the network of %s', async (_, host, deploy) => {
  await expect(found(host, deploy)).rejects.toThrow();
});
