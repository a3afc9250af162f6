/** What the name of a host says of what RDS has there. */
export interface RdsEndpoint {
  readonly kind: 'instance' | 'cluster' | 'custom' | 'proxy' | 'proxy endpoint';
  /** Of what the kind says; a custom endpoint does not name its cluster. */
  readonly identifier: string;
  readonly region: string;
}

const kinds: Readonly<Record<string, RdsEndpoint['kind']>> = {
  '': 'instance',
  'cluster-': 'cluster',
  'cluster-ro-': 'cluster',
  'cluster-custom-': 'custom',
  'proxy-': 'proxy',
  'endpoint.proxy-': 'proxy endpoint',
};

/**
 * Undefined where it is no name that RDS gives. In China the region stands at the end.
 * https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Overview.Endpoints.html
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-endpoints.html
 */
export function rdsEndpoint(host: string): RdsEndpoint | undefined {
  const [, identifier, word = '', region, chinese] =
    /^([a-z0-9-]+)\.(cluster-ro-|cluster-custom-|cluster-|endpoint\.proxy-|proxy-)?[a-z0-9]+\.(?:([a-z0-9-]+)\.rds\.amazonaws\.com(?:\.cn)?|rds\.([a-z0-9-]+)\.amazonaws\.com\.cn)$/.exec(
      host.toLowerCase(),
    ) ?? [];
  const kind = kinds[word];
  const where = region ?? chinese;
  if (identifier === undefined || kind === undefined || where === undefined) return undefined;
  return { kind, identifier, region: where };
}
