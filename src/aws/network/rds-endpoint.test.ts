import { expect, test } from 'vitest';
import { rdsEndpoint } from './rds-endpoint.js';

const region = 'eu-west-1';

test.each([
  [
    'shop-prod.c1a2b3d4e5f6.eu-west-1.rds.amazonaws.com',
    { kind: 'instance', identifier: 'shop-prod', region },
  ],
  ['SHOP.cluster-c1a2b3d4e5f6.eu-west-1.rds.amazonaws.com', { kind: 'cluster', identifier: 'shop', region }],
  [
    'shop.cluster-ro-c1a2b3d4e5f6.eu-west-1.rds.amazonaws.com',
    { kind: 'cluster', identifier: 'shop', region },
  ],
  ['night.cluster-custom-c1a2.eu-west-1.rds.amazonaws.com', { kind: 'custom', identifier: 'night', region }],
  ['shop.proxy-c1a2b3d4e5f6.eu-west-1.rds.amazonaws.com', { kind: 'proxy', identifier: 'shop', region }],
  [
    'reads.endpoint.proxy-c1a2b3.eu-west-1.rds.amazonaws.com',
    { kind: 'proxy endpoint', identifier: 'reads', region },
  ],
  [
    'shop.c1a2b3d4e5f6.rds.cn-north-1.amazonaws.com.cn',
    { kind: 'instance', identifier: 'shop', region: 'cn-north-1' },
  ],
  ['db.shop.example', undefined],
  ['127.0.0.1', undefined],
  ['rds.amazonaws.com', undefined],
  ['shop.c1a2.eu-west-1.rds.amazonaws.com.example', undefined],
])('%s', (host, endpoint) => {
  expect(rdsEndpoint(host)).toEqual(endpoint);
});
