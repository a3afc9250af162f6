import { dirname, resolve } from 'node:path';
import { type ConnectionKind, type Registration, registry } from '../connectors/registry.js';
import type { ConnectionDeclaration } from './declaration.js';
import type { DocumentPath } from './document-path.js';
import { asMeant, checked } from './issues.js';
import type { Report } from './report.js';
import { didYouMean } from './suggestion.js';
import { isMapping } from './unsupported.js';
import { kindOf, quoted } from './wording.js';

/** The kinds of the connections by name; undefined for a name whose connection has no usable kind. */
export type ConnectionKinds = ReadonlyMap<string, ConnectionKind | undefined>;

const offered = Object.keys(registry);

export function registrationOf(kind: ConnectionKind): Registration {
  return registry[kind];
}

export function connectionKinds(connections: unknown): ConnectionKinds {
  const entries = isMapping(connections) ? Object.entries(connections) : [];
  return new Map(
    entries.map(([name, value]) => {
      const kind = isMapping(value) ? value['kind'] : undefined;
      return [name, isKind(kind) ? kind : undefined];
    }),
  );
}

function isKind(kind: unknown): kind is ConnectionKind {
  return typeof kind === 'string' && Object.hasOwn(registry, kind);
}

/** Says what is wrong with a connection. */
export function checkConnection(
  value: unknown,
  path: DocumentPath,
  report: Report,
): ConnectionDeclaration | undefined {
  if (!isMapping(value)) {
    const hint = `{ kind: ${offered.join(' | ')}, … }`;
    report.add(path, { code: 'wrong_type', message: `expected a mapping, not ${kindOf(value)}`, hint });
    return undefined;
  }
  const { kind } = value;
  if (!isKind(kind)) {
    sayKind(kind, path, report);
    return undefined;
  }
  const { connection, rules } = registrationOf(kind);
  const result = checked(connection, value, path, report);
  rules.connection(asMeant(connection, value), (objection) =>
    report.add([...path, ...objection.path], objection),
  );
  return result as ConnectionDeclaration | undefined;
}

function sayKind(kind: unknown, path: DocumentPath, report: Report): void {
  const hint = `one of: ${offered.join(', ')}`;
  if (kind === undefined) {
    report.add(path, { code: 'missing_field', message: '`kind` is missing', hint });
  } else if (typeof kind !== 'string') {
    report.add([...path, 'kind'], {
      code: 'wrong_type',
      message: `expected text, not ${kindOf(kind)}`,
      hint,
    });
  } else {
    const message = `unknown kind ${quoted(kind, 'kind') ?? ''}${didYouMean(kind, offered)}`;
    report.add([...path, 'kind'], { code: 'wrong_value', message, hint });
  }
}

/** The connection with the paths in it made absolute. */
export function withAbsolutePaths(connection: ConnectionDeclaration, file: string): ConnectionDeclaration {
  const { tls, path } = connection;
  if (connection.kind === 'files' && typeof path === 'string') {
    return { ...connection, path: resolve(dirname(file), path) };
  }
  if (!isMapping(tls) || typeof tls['ca'] !== 'string') return connection;
  return { ...connection, tls: { ca: resolve(dirname(file), tls['ca']) } };
}
