import { BlockList, isIP } from 'node:net';

/** Addresses that answer with credentials or stay on one link: no data is ever there. */
const refused = new BlockList();
refused.addSubnet('169.254.0.0', 16, 'ipv4');
refused.addAddress('100.100.100.200', 'ipv4');
refused.addAddress('192.0.0.192', 'ipv4');
refused.addSubnet('fe80::', 10, 'ipv6');
refused.addSubnet('fd00:ec2::', 32, 'ipv6');
refused.addAddress('fd20:ce::254', 'ipv6');
/** NAT64 and 6to4 forms of 169.254.0.0/16. */
refused.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
refused.addSubnet('2002:a9fe::', 32, 'ipv6');
refused.addSubnet('::a9fe:0', 112, 'ipv6');

const refusedNames = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'metadata.azure.com',
  'metadata.azure.internal',
  'metadata.tencentyun.com',
  'instance-data',
  'instance-data.ec2.internal',
]);

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * The host as the resolver will see it: an IPv4 address in any spelling (`0xA9FEA9FE`, `2852039166`,
 * `169.254.43518`) is dotted, brackets and a final dot are gone, letters are small. Undefined if it cannot be a host.
 */
export function canonicalHost(host: string): string | undefined {
  const bare = host.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  const url = `http://${isIP(bare) === 6 ? `[${bare}]` : host}/`;
  if (/[\s/?#@\\]/.test(host) || !URL.canParse(url)) return undefined;
  const { hostname } = new URL(url);
  return hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

/** Whether a canonical host is a link-local address or a cloud's metadata service. */
export function isMetadataHost(host: string): boolean {
  return refusedNames.has(host) || isIn(refused, host);
}

/** Whether a canonical host is this machine. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || isLoopbackAddress(host);
}

/** Whether the host is an address of this machine, without brackets. */
export function isLoopbackAddress(host: string): boolean {
  return isIn(loopback, host);
}

/** An IPv4 address inside of an IPv6 one (`::ffff:169.254.0.1`) counts as what it is. */
function isIn(list: BlockList, host: string): boolean {
  const family = isIP(host);
  if (family === 0) return false;
  return list.check(host, family === 6 ? 'ipv6' : 'ipv4');
}
