import type { DBCluster, DBInstance, RDSClient, VpcSecurityGroupMembership } from '@aws-sdk/client-rds';
import { type CallContext, Calls, clientAt } from '../../connectors/aws-calls.js';
import type { AwsCredentialsProvider } from '../../connectors/aws-credentials.js';
import type { AwsPlace } from '../../connectors/aws-endpoint.js';
import { awsFailures } from '../../connectors/aws-failures.js';
import { SdkClient } from '../../connectors/sdk-client.js';
import { SluiceError } from '../../errors.js';
import type { RdsEndpoint } from './rds-endpoint.js';

type Sdk = typeof import('@aws-sdk/client-rds');

/** Where a database is in a network. */
export interface DatabaseNetwork {
  /** For people: `instance shop-prod`. */
  readonly name: string;
  readonly arn: string;
  readonly vpc: string;
  /** Sorted, as are the groups. */
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
}

export interface RdsNetworksOptions {
  readonly place: AwsPlace;
  readonly credentials: AwsCredentialsProvider;
  readonly context: CallContext;
}

/** More pages than this of clusters are a mistake: the quota is 40 in a region. */
const MAX_PAGES = 100;

/** Asks RDS of one region where its databases are. */
export class RdsNetworks {
  readonly #sdk: SdkClient<Sdk, RDSClient>;

  constructor({ place, credentials, context }: RdsNetworksOptions) {
    const calls = new Calls({ service: 'RDS', failures: awsFailures, credentials, context });
    this.#sdk = new SdkClient(calls, async () => {
      const sdk = await import('@aws-sdk/client-rds');
      return { sdk, client: new sdk.RDSClient(clientAt(place, credentials)) };
    });
  }

  /** Of what has this endpoint; undefined where this account has nothing of that name with it. Throws `access_denied`. */
  async find(host: string, { kind, identifier }: RdsEndpoint): Promise<DatabaseNetwork | undefined> {
    switch (kind) {
      case 'instance':
        return await this.#instance(host, identifier);
      case 'cluster':
        return await this.#cluster(host, identifier);
      case 'custom':
        return await this.#clusterWith(host);
      case 'proxy':
        return await this.#proxy(host, identifier);
      case 'proxy endpoint':
        return await this.#proxyEndpoint(host, identifier);
    }
  }

  async close(): Promise<void> {
    await this.#sdk.close();
  }

  async #instance(host: string, DBInstanceIdentifier: string): Promise<DatabaseNetwork | undefined> {
    const answer = await this.#ask('DescribeDBInstances', (sdk, client, options) =>
      client.send(new sdk.DescribeDBInstancesCommand({ DBInstanceIdentifier }), options),
    );
    const found = answer?.DBInstances?.find(({ Endpoint }) => isHost(host, Endpoint?.Address));
    return found && instanceNetwork(found);
  }

  async #cluster(host: string, DBClusterIdentifier: string): Promise<DatabaseNetwork | undefined> {
    const answer = await this.#ask('DescribeDBClusters', (sdk, client, options) =>
      client.send(new sdk.DescribeDBClustersCommand({ DBClusterIdentifier }), options),
    );
    const found = answer?.DBClusters?.find(
      ({ Endpoint, ReaderEndpoint }) => isHost(host, Endpoint) || isHost(host, ReaderEndpoint),
    );
    return found && (await this.#clusterNetwork(found));
  }

  async #clusterWith(host: string): Promise<DatabaseNetwork | undefined> {
    let Marker: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const answer = await this.#ask('DescribeDBClusters', (sdk, client, options) =>
        client.send(new sdk.DescribeDBClustersCommand(Marker === undefined ? {} : { Marker }), options),
      );
      const found = answer?.DBClusters?.find(({ CustomEndpoints }) =>
        CustomEndpoints?.some((each) => isHost(host, each)),
      );
      if (found) return await this.#clusterNetwork(found);
      Marker = answer?.Marker;
      if (!Marker) return undefined;
    }
    throw new SluiceError('response_invalid', 'RDS tells of clusters without an end', { retry: 'later' });
  }

  /** A cluster says only what its group of subnets is called. */
  async #clusterNetwork(cluster: DBCluster): Promise<DatabaseNetwork> {
    const DBSubnetGroupName = cluster.DBSubnetGroup ?? '';
    const answer = await this.#ask('DescribeDBSubnetGroups', (sdk, client, options) =>
      client.send(new sdk.DescribeDBSubnetGroupsCommand({ DBSubnetGroupName }), options),
    );
    const [group] = answer?.DBSubnetGroups ?? [];
    return {
      name: `cluster ${cluster.DBClusterIdentifier}`,
      arn: cluster.DBClusterArn ?? '',
      vpc: group?.VpcId ?? '',
      subnets: sorted(group?.Subnets?.map(({ SubnetIdentifier }) => SubnetIdentifier)),
      securityGroups: groupsOf(cluster.VpcSecurityGroups),
    };
  }

  async #proxy(host: string, DBProxyName: string): Promise<DatabaseNetwork | undefined> {
    const answer = await this.#ask('DescribeDBProxies', (sdk, client, options) =>
      client.send(new sdk.DescribeDBProxiesCommand({ DBProxyName }), options),
    );
    const found = answer?.DBProxies?.find(({ Endpoint }) => isHost(host, Endpoint));
    return (
      found && {
        name: `proxy ${DBProxyName}`,
        arn: found.DBProxyArn ?? '',
        vpc: found.VpcId ?? '',
        subnets: sorted(found.VpcSubnetIds),
        securityGroups: sorted(found.VpcSecurityGroupIds),
      }
    );
  }

  async #proxyEndpoint(host: string, DBProxyEndpointName: string): Promise<DatabaseNetwork | undefined> {
    const answer = await this.#ask('DescribeDBProxyEndpoints', (sdk, client, options) =>
      client.send(new sdk.DescribeDBProxyEndpointsCommand({ DBProxyEndpointName }), options),
    );
    const found = answer?.DBProxyEndpoints?.find(({ Endpoint }) => isHost(host, Endpoint));
    return (
      found && {
        name: `proxy endpoint ${DBProxyEndpointName}`,
        arn: found.DBProxyEndpointArn ?? '',
        vpc: found.VpcId ?? '',
        subnets: sorted(found.VpcSubnetIds),
        securityGroups: sorted(found.VpcSecurityGroupIds),
      }
    );
  }

  /** Undefined where nothing has the name. */
  async #ask<Answer>(
    action: string,
    make: (sdk: Sdk, client: RDSClient, options: { readonly abortSignal: AbortSignal }) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    return await this.#sdk.call(action, async (sdk, client, options) => {
      try {
        return await make(sdk, client, options);
      } catch (error) {
        if (error instanceof Error && missing.test(error.name)) return undefined;
        throw error;
      }
    });
  }
}

const missing = /^DB(Instance|Cluster|Proxy|ProxyEndpoint)NotFound(Fault)?$/;

function instanceNetwork(instance: DBInstance): DatabaseNetwork {
  const { DBSubnetGroup: group } = instance;
  return {
    name: `instance ${instance.DBInstanceIdentifier}`,
    arn: instance.DBInstanceArn ?? '',
    vpc: group?.VpcId ?? '',
    subnets: sorted(group?.Subnets?.map(({ SubnetIdentifier }) => SubnetIdentifier)),
    securityGroups: groupsOf(instance.VpcSecurityGroups),
  };
}

/** One that is being taken away is none. */
function groupsOf(groups: readonly VpcSecurityGroupMembership[] | undefined): readonly string[] {
  const staying = groups?.filter(({ Status }) => Status === undefined || /^(active|adding)$/.test(Status));
  return sorted(staying?.map(({ VpcSecurityGroupId }) => VpcSecurityGroupId));
}

function isHost(host: string, address: string | undefined): boolean {
  return address?.toLowerCase() === host.toLowerCase();
}

function sorted(ids: readonly (string | undefined)[] | undefined): readonly string[] {
  return [...new Set(ids?.flatMap((id) => id ?? []))].sort();
}
