import { expect, test } from 'vitest';
import type { CopyStep } from '../../declare/declaration.js';
import { parseDeclaration } from '../../declare/load.js';
import { deployedForm } from './pack.js';

const proxy = 'shop.proxy-c1a2b3.eu-west-1.rds.amazonaws.com';

async function deployed(steps: readonly object[], deploy: object = {}) {
  const connections = {
    shop: { kind: 'mysql', secret: 'prod/shop', port: 3307, region: 'eu-west-1' },
    report: { kind: 'mysql', secret: 'prod/report', region: 'eu-west-1' },
    stage: { kind: 'dynamodb', region: 'eu-west-1' },
  };
  const text = JSON.stringify({ pipeline: 'p', connections, steps, deploy });
  return deployedForm(await parseDeclaration(text, 'p.yaml', { env: {}, cwd: '/' }));
}

const to = { connection: 'stage', table: 'rows' };

test('parts of a table are read by several functions, unless one snapshot is asked for', async () => {
  const copy = (name: string, from: object) => ({
    copy: name,
    from: { connection: 'shop', table: 'a', ...from },
    to: { ...to, table: `rows-${name}` },
  });
  const { steps } = await deployed([
    { parallel: [copy('a', {}), copy('b', { consistency: 'snapshot' })] },
    { copy: 'c', from: to, to: { connection: 'report', table: 'c' }, onFailure: copy('d', {}) },
  ]);
  const [parallel, last] = steps;
  const branches = parallel?.kind === 'parallel' ? parallel.branches.flat() : [];
  const inner = [...branches, ...(last?.onFailure?.steps ?? [])] as readonly CopyStep[];
  expect(inner.map(({ name, from }) => [name, from['consistency']])).toEqual([
    ['a', 'part'],
    ['b', 'snapshot'],
    ['d', 'part'],
  ]);
  expect((last as CopyStep).from).not.toHaveProperty('consistency');
});

test('functions connect to the proxy of a connection, at the only port that proxies have', async () => {
  const { connections } = await deployed([{ copy: 'a', from: { connection: 'shop', table: 'a' }, to }], {
    proxy: { shop: proxy },
  });
  expect(connections['shop']).toEqual({
    kind: 'mysql',
    secret: 'prod/shop',
    host: proxy,
    port: 3306,
    region: 'eu-west-1',
  });
  expect(connections['report']).not.toHaveProperty('host');
});
