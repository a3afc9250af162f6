import { SluiceError } from '../../errors.js';
import { awsCredentials } from '../aws-credentials.js';
import { awsPlace } from '../aws-endpoint.js';
import type { Context } from '../connector.js';
import type { MysqlConnectionOptions } from './options.js';

/** What a secret of RDS's form holds. https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html */
export interface DatabaseSecret {
  readonly host?: string;
  readonly username?: string;
  readonly password?: string;
  readonly dbname?: string;
  readonly port?: number;
}

/** Answers after which asking again cannot help. */
const refusals: Readonly<Record<string, 'access_denied' | 'secret_invalid'>> = {
  AccessDeniedException: 'access_denied',
  UnrecognizedClientException: 'access_denied',
  InvalidSignatureException: 'access_denied',
  ExpiredTokenException: 'access_denied',
  ResourceNotFoundException: 'secret_invalid',
  InvalidParameterException: 'secret_invalid',
  InvalidRequestException: 'secret_invalid',
  DecryptionFailure: 'secret_invalid',
};

/** Reads the current version of the secret. Never put what it returns into a message (invariant 8). */
export async function readSecret(
  name: string,
  options: MysqlConnectionOptions,
  context: Context,
): Promise<DatabaseSecret> {
  const { SecretsManagerClient, GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager');
  const place = awsPlace('secretsmanager', options, context.env);
  const client = new SecretsManagerClient({
    region: place.region,
    credentials: awsCredentials({ region: place.region, role: options.role, env: context.env }),
    maxAttempts: 1,
    ...(place.declared ? { endpoint: place.endpoint } : {}),
  });
  try {
    return await context.retry(async () => {
      const answer = await ask(() =>
        client.send(new GetSecretValueCommand({ SecretId: name }), { abortSignal: context.signal }),
      );
      return parseSecret(name, answer.SecretString, answer.SecretBinary);
    });
  } finally {
    client.destroy();
  }

  async function ask<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      context.signal.throwIfAborted();
      throw secretFailure(name, error);
    }
  }
}

function secretFailure(name: string, error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const kind = error instanceof Error ? error.name : 'unknown';
  const code = refusals[kind];
  if (code === undefined) {
    return new SluiceError('unreachable', `Secrets Manager did not give the secret ${name} (${kind})`, {
      retry: 'later',
      cause: error,
    });
  }
  const hint =
    code === 'access_denied'
      ? 'the caller needs secretsmanager:GetSecretValue on the secret, and kms:Decrypt on a key of its own'
      : 'check name or ARN of the secret, and the region';
  return new SluiceError(code, `the secret ${name} could not be read (${kind})`, { hint, cause: error });
}

/** The JSON object in a SecretString, or in a SecretBinary, which may hold it as base64 text once more. */
function parseSecret(name: string, text: string | undefined, bytes?: Uint8Array): DatabaseSecret {
  const candidates: string[] = [];
  if (text !== undefined) candidates.push(text);
  else if (bytes !== undefined) candidates.push(Buffer.from(bytes).toString('utf8'));
  for (const candidate of candidates.flatMap((plain) => [plain, unbase64(plain)])) {
    const fields = candidate === undefined ? undefined : jsonObject(candidate);
    if (fields !== undefined) return checkedFields(name, fields);
  }
  throw invalid(name, 'it is not a JSON object');
}

function unbase64(text: string): string | undefined {
  const compact = text.replace(/\s+/g, '');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(compact) ? Buffer.from(compact, 'base64').toString('utf8') : undefined;
}

function jsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined; // not JSON: the caller tries the next form, and says so in the end
  }
}

function checkedFields(name: string, fields: Record<string, unknown>): DatabaseSecret {
  const text = (field: string): string | undefined => {
    const value = fields[field];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'string') return value;
    throw invalid(name, `${field} is not text`);
  };
  const port = portOf(name, fields['port']);
  const found = {
    host: text('host'),
    username: text('username'),
    password: text('password'),
    dbname: text('dbname'),
    port,
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

function portOf(name: string, value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const port = Number(value);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw invalid(name, 'port is not a port');
}

function invalid(name: string, why: string): SluiceError {
  return new SluiceError('secret_invalid', `the secret ${name} does not hold a connection: ${why}`, {
    hint: 'it must be a JSON object with host, username, password, dbname and optionally port',
  });
}
