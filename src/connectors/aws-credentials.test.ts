import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type HttpServer, httpServer } from '../../test/fixtures/http-server.js';
import { awsCredentials } from './aws-credentials.js';

const plain = { AWS_ACCESS_KEY_ID: 'AKIDPLAIN', AWS_SECRET_ACCESS_KEY: 'secret' };
const role = 'arn:aws:iam::111122223333:role/sluice-shop';

/** A hand-written STS: remembers what it was asked, answers with a new key each time. */
const asked: URLSearchParams[] = [];
let refuse = false;
let lifetimeMs = 3_600_000;
let sts: HttpServer;

beforeAll(async () => {
  sts = await httpServer((_request, response, body) => {
    asked.push(new URLSearchParams(body.toString()));
    response.setHeader('content-type', 'text/xml');
    response.statusCode = refuse ? 403 : 200;
    response.end(refuse ? refusal : answer());
  });
});

afterAll(() => sts.stop());

beforeEach(() => {
  asked.length = 0;
  refuse = false;
  lifetimeMs = 3_600_000;
});

const refusal =
  '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code>' +
  '<Message>no</Message></Error></ErrorResponse>';

function answer(): string {
  const expiration = new Date(Date.now() + lifetimeMs).toISOString();
  return (
    '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>' +
    `<AccessKeyId>ASIA${asked.length}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>` +
    `<Expiration>${expiration}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`
  );
}

function assumed(session?: string) {
  const env = { ...plain, AWS_ENDPOINT_URL_STS: sts.endpoint };
  return awsCredentials({ region: 'eu-west-1', role, env, ...(session === undefined ? {} : { session }) });
}

describe('credentials from plain variables', () => {
  it('are taken as they are', async () => {
    const provider = awsCredentials({ region: 'eu-west-1', env: { ...plain, AWS_SESSION_TOKEN: 'token' } });
    expect(await provider()).toEqual({
      accessKeyId: 'AKIDPLAIN',
      secretAccessKey: 'secret',
      sessionToken: 'token',
    });
  });

  it('are missing with a hint where no provider has any', async () => {
    const provider = awsCredentials({ region: 'eu-west-1', env: { AWS_PROFILE: 'no-such-profile-here' } });
    await expect(provider()).rejects.toMatchObject({
      code: 'credentials_missing',
      hint: expect.stringContaining('AWS_PROFILE'),
    });
  });
});

describe('credentials of a role', () => {
  it('are assumed once, under a session name that says who it was', async () => {
    const provider = assumed('orders nightly/1');
    const [first, second] = await Promise.all([provider(), provider()]);
    expect(first).toMatchObject({ accessKeyId: 'ASIA1', sessionToken: 't' });
    expect(second).toBe(first);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.get('RoleArn')).toBe(role);
    expect(asked[0]?.get('RoleSessionName')).toBe('sluice-orders-nightly-1');
  });

  it('are assumed again shortly before they end', async () => {
    lifetimeMs = 60_000;
    const provider = assumed();
    expect(await provider()).toMatchObject({ accessKeyId: 'ASIA1' });
    expect(await provider()).toMatchObject({ accessKeyId: 'ASIA2' });
  });

  it('are renewed once however many callers found them expired', async () => {
    const provider = assumed();
    const expired = await provider();
    provider.renew(expired);
    const renewed = await provider();
    provider.renew(expired);
    expect(await provider()).toBe(renewed);
    expect(asked).toHaveLength(2);
  });

  it('are those of a profile or of another role, where a variable names one for the account', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-profiles-'));
    const file = join(folder, 'credentials');
    await writeFile(file, '[theirs]\naws_access_key_id = AKIDTHEIRS\naws_secret_access_key = s\n');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file);
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'none'));
    try {
      const env = { ...plain, AWS_ENDPOINT_URL_STS: sts.endpoint };
      const of = (more: object) => awsCredentials({ region: 'eu-west-1', role, env: { ...env, ...more } })();
      expect(await of({ SLUICE_PROFILE_111122223333: 'theirs' })).toMatchObject({
        accessKeyId: 'AKIDTHEIRS',
      });
      expect(asked).toHaveLength(0);
      const other = 'arn:aws:iam::111122223333:role/people';
      await of({ SLUICE_ASSUME_111122223333: other, SLUICE_PROFILE_444455556666: 'theirs' });
      expect(asked[0]?.get('RoleArn')).toBe(other);
    } finally {
      vi.unstubAllEnvs();
      await rm(folder, { recursive: true });
    }
  });

  it('are access_denied when the role may not be assumed', async () => {
    refuse = true;
    await expect(assumed()()).rejects.toMatchObject({ code: 'access_denied', retry: 'never' });
  });
});
