/** Networks of databases that moto has, found by their endpoints. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callAws, type TestMoto, testMoto } from '../../../test/fixtures/moto.js';
import { needsServer } from '../../../test/fixtures/servers.js';
import { awsCredentials } from '../../connectors/aws-credentials.js';
import { parseDeclaration } from '../../declare/load.js';
import type { SluiceError } from '../../errors.js';
import { RdsNetworks } from './rds-network.js';
import { type NetworksRequest, type StepNetwork, stepNetworks } from './step-networks.js';

needsServer('moto');

const region = 'eu-west-1';
/** Of everything that moto has. */
const account = '123456789012';

let moto: TestMoto;
let networks: RdsNetworks;
/** Two subnets each. */
let subnets: { readonly shop: readonly string[]; readonly other: readonly string[] };
let groups: { readonly shop: string; readonly report: string };
let hosts: { readonly shop: string; readonly report: string; readonly far: string; readonly reader: string };

beforeAll(async () => {
  moto = await testMoto();
  const env = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  networks = new RdsNetworks({
    place: { endpoint: moto.endpoint, region, declared: true },
    credentials: awsCredentials({ region, env }),
    context: { signal: new AbortController().signal, retry: (call) => call() },
  });
  const [near, far] = [await vpc('10.1'), await vpc('10.2')];
  subnets = { shop: near.subnets, other: far.subnets };
  groups = { shop: near.group, report: await group(near.id, 'report') };
  await subnetGroup('near', near.subnets);
  await subnetGroup('far', far.subnets);
  hosts = {
    shop: await instance('shop', 'near', groups.shop),
    report: await instance('report', 'near', groups.report),
    far: await instance('far', 'far', far.group),
    reader: await cluster('aurora', 'near', groups.shop),
  };
}, 300_000);

afterAll(async () => {
  await networks.close();
  await moto.stop();
});

async function ec2(action: string, form: Readonly<Record<string, string>>, found: string): Promise<string> {
  const body = new URLSearchParams({ Action: action, Version: '2016-11-15', ...form });
  const answer = await callAws(moto.endpoint, 'ec2', { method: 'POST', body });
  const text = await answer.text();
  const [, value] = new RegExp(`<${found}>([^<]+)</${found}>`).exec(text) ?? [];
  if (value === undefined) throw new Error(`${action}: ${text}`);
  return value;
}

async function vpc(prefix: string): Promise<{ id: string; subnets: readonly string[]; group: string }> {
  const id = await ec2('CreateVpc', { CidrBlock: `${prefix}.0.0/16` }, 'vpcId');
  const made = [0, 1].map((number) =>
    ec2('CreateSubnet', { VpcId: id, CidrBlock: `${prefix}.${number}.0/24` }, 'subnetId'),
  );
  return { id, subnets: (await Promise.all(made)).sort(), group: await group(id, 'database') };
}

async function group(vpcId: string, name: string): Promise<string> {
  return await ec2(
    'CreateSecurityGroup',
    { VpcId: vpcId, GroupName: name, GroupDescription: name },
    'groupId',
  );
}

function members(name: string, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(values.map((value, index) => [`${name}.${index + 1}`, value]));
}

async function subnetGroup(name: string, ids: readonly string[]): Promise<void> {
  const form = { DBSubnetGroupName: name, DBSubnetGroupDescription: name };
  await moto.rds('CreateDBSubnetGroup', { ...form, ...members('SubnetIds.SubnetIdentifier', ids) });
}

const database = {
  Engine: 'mysql',
  DBInstanceClass: 'db.t3.micro',
  AllocatedStorage: '20',
  MasterUsername: 'root',
  MasterUserPassword: 'not-a-secret',
};

async function instance(name: string, subnetGroupName: string, groupId: string): Promise<string> {
  const own = { DBInstanceIdentifier: name, DBSubnetGroupName: subnetGroupName };
  const more = members('VpcSecurityGroupIds.VpcSecurityGroupId', [groupId]);
  const answer = await moto.rds('CreateDBInstance', { ...database, ...own, ...more });
  return /<Address>([^<]+)<\/Address>/.exec(answer)?.[1] ?? '';
}

async function cluster(name: string, subnetGroupName: string, groupId: string): Promise<string> {
  const own = { DBClusterIdentifier: name, DBSubnetGroupName: subnetGroupName, Engine: 'aurora-mysql' };
  const more = members('VpcSecurityGroupIds.VpcSecurityGroupId', [groupId]);
  const { MasterUsername, MasterUserPassword } = database;
  const answer = await moto.rds('CreateDBCluster', { ...own, MasterUsername, MasterUserPassword, ...more });
  return /<ReaderEndpoint>([^<]+)<\/ReaderEndpoint>/.exec(answer)?.[1] ?? '';
}

/** A copy from each database, by the names of connections. */
async function found(
  by: Readonly<Record<string, string>>,
  more: Partial<NetworksRequest> = {},
): Promise<Readonly<Record<string, StepNetwork>>> {
  const names = Object.keys(by);
  const secret = (name: string) => ({ kind: 'mysql', secret: `prod/${name}`, region });
  const text = JSON.stringify({
    pipeline: 'p',
    connections: {
      ...Object.fromEntries(names.map((name) => [name, secret(name)])),
      stage: { kind: 'dynamodb', region },
    },
    steps: names.map((name) => ({
      copy: `${name}-out`,
      from: { connection: name, table: 'rows' },
      to: { connection: 'stage', table: name },
    })),
  });
  const declaration = await parseDeclaration(text, 'p.yaml', { env: {}, cwd: '/' });
  const find: NetworksRequest['find'] = (host, endpoint) => networks.find(host, endpoint);
  const request = { declaration, account, region, hosts: new Map(Object.entries(by)), find, ...more };
  return Object.fromEntries(await stepNetworks(request));
}

async function refusals(...of: Parameters<typeof found>): Promise<readonly string[]> {
  const error = await found(...of).catch((thrown: unknown) => thrown);
  const { code, problems } = error as SluiceError;
  expect(code).toBe('not_deployable');
  return problems.map(({ path, message, hint }) => {
    expect(hint).toContain('deploy: { vpc: ');
    return `${path}: ${message}`;
  });
}

test('a function runs in the subnets of its database, with its security groups', async () => {
  const vpcs = expect.stringMatching(/^instance shop \(vpc-[0-9a-f]+\)$/);
  expect(await found({ shop: hosts.shop })).toEqual({
    'shop-out': { subnets: subnets.shop, securityGroups: [groups.shop], of: [vpcs] },
  });
});

test('each step has the network of its own databases, and one that has none is outside', async () => {
  const all = await found({ shop: hosts.shop, far: hosts.far, public: 'db.shop.example' });
  expect(Object.keys(all)).toEqual(['shop-out', 'far-out']);
  expect(all['far-out']?.subnets).toEqual(subnets.other);
});

test('a cluster is found by the endpoint of its readers', async () => {
  expect(hosts.reader).toContain('.cluster-ro-');
  expect(await found({ aurora: hosts.reader })).toMatchObject({
    'aurora-out': { subnets: subnets.shop, securityGroups: [groups.shop] },
  });
});

test('a proxy says its network itself', async () => {
  const form = {
    DBProxyName: 'pooled',
    EngineFamily: 'MYSQL',
    RoleArn: `arn:aws:iam::${account}:role/proxy`,
    'Auth.member.1.AuthScheme': 'SECRETS',
    ...members('VpcSubnetIds.member', subnets.other),
    ...members('VpcSecurityGroupIds.member', [groups.shop]),
  };
  const made = await moto.rds('CreateDBProxy', form);
  const host = /<Endpoint>([^<]+)<\/Endpoint>/.exec(made)?.[1] ?? '';
  // The emulator has another word than AWS in the names that it gives.
  const endpoint = { kind: 'proxy', identifier: 'pooled', region } as const;
  expect(await networks.find(host, endpoint)).toMatchObject({
    name: 'proxy pooled',
    subnets: subnets.other,
    securityGroups: [groups.shop],
  });
  expect(await networks.find(`x${host}`, endpoint)).toBeUndefined();
  expect(await networks.find(host, { ...endpoint, identifier: 'gone' })).toBeUndefined();
});

test('what is not found, not here or not clear is refused, all at once', async () => {
  const refused = await refusals({
    gone: hosts.shop.replace('shop.', 'gone.'),
    renamed: hosts.shop.replace('.eu-west-1', 'x.eu-west-1'),
    cluster: hosts.reader.replace('aurora.', 'nothing.'),
    custom: hosts.reader.replace('-ro-', '-custom-'),
    proxied: 'shop.proxy-c1a2b3.eu-west-1.rds.amazonaws.com',
    abroad: hosts.shop.replace('eu-west-1', 'us-east-1'),
  });
  expect(refused.map((line) => line.slice(0, line.indexOf(':')))).toEqual(
    ['gone', 'renamed', 'cluster', 'custom', 'proxied', 'abroad'].map((name) => `connections.${name}`),
  );
  expect(refused[0]).toContain('is not in this account');
  expect(refused.at(-1)).toContain('is in us-east-1: functions in eu-west-1 have no subnet there');
});

test('a database of another account than the functions is refused', async () => {
  expect(await refusals({ shop: hosts.shop }, { account: '444455556666' })).toEqual([
    `connections.shop: the instance shop is in account ${account}: functions of 444455556666 have no subnet there`,
  ]);
});

test('a step between databases of one network has the groups of both, and between two networks none', async () => {
  const connections = Object.fromEntries(
    ['shop', 'report', 'far'].map((name) => [name, { kind: 'mysql', secret: name, region }]),
  );
  const between = async (to: string, via: object = {}) =>
    await parseDeclaration(
      JSON.stringify({
        pipeline: 'p',
        connections: { ...connections, inbox: { kind: 'sqs', queue: 'inbox', region } },
        steps: [
          { copy: 'a', from: { connection: 'shop', table: 'a' }, to: { connection: to, table: 'b' }, ...via },
        ],
      }),
      'p.yaml',
      { env: {}, cwd: '/' },
    );
  const all = { shop: hosts.shop, report: hosts.report, far: hosts.far };
  expect(await found(all, { declaration: await between('report') })).toMatchObject({
    a: { subnets: subnets.shop, securityGroups: [groups.shop, groups.report].sort() },
  });
  const [refused] = await refusals(all, { declaration: await between('far') });
  expect(refused).toMatch(/^steps\[0\]: a function is in one network, and the databases are in several: /);
  const apart = await between('far', { via: { connection: 'inbox' } });
  expect(await found(all, { declaration: apart, half: 'send' })).toMatchObject({
    a: { subnets: subnets.shop },
  });
  expect(await found(all, { declaration: apart, half: 'receive' })).toMatchObject({
    a: { subnets: subnets.other },
  });
});
