import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createSigner } from './aws-signer.js';

const word = fc.stringMatching(/^[A-Za-z0-9/+]{4,40}$/);
const arbitrary = fc.record({
  region: fc.constantFrom('eu-west-1', 'us-east-1', 'cn-north-1'),
  host: fc.constantFrom('dynamodb.eu-west-1.amazonaws.com', '127.0.0.1:8000', 'localhost'),
  target: fc.constantFrom('DynamoDB_20120810.BatchWriteItem', 'DynamoDB_20120810.Scan'),
  accessKeyId: word,
  secretAccessKey: word,
  sessionToken: fc.option(word, { nil: undefined }),
  payload: fc.string({ unit: 'binary', maxLength: 2000 }),
  now: fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2035, 0, 1) }),
});

it("signs any request as the SDK's own signer does", async () => {
  await fc.assert(
    fc.asyncProperty(arbitrary, async (given) => {
      const { region, host, target, payload, now, sessionToken, ...keys } = given;
      const credentials = sessionToken === undefined ? keys : { ...keys, sessionToken };
      const signer = createSigner({ host, path: '/', region, service: 'dynamodb' });
      const headers = signer(target, Buffer.from(payload), credentials, now);
      const ours = Object.fromEntries(
        headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1]]] : [])),
      );
      const oracle = new SignatureV4({
        service: 'dynamodb',
        region,
        credentials,
        sha256: Sha256,
        applyChecksum: false,
      });
      const signed = await oracle.sign(
        {
          method: 'POST',
          protocol: 'https:',
          hostname: host,
          path: '/',
          query: {},
          headers: { host, 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': target },
          body: payload,
        },
        { signingDate: new Date(now) },
      );
      expect(ours['authorization']).toBe(signed.headers['authorization']);
      expect(ours['x-amz-date']).toBe(signed.headers['x-amz-date']);
      expect(ours['x-amz-security-token']).toBe(signed.headers['x-amz-security-token']);
    }),
    { numRuns: 200 },
  );
});

it('makes a new signing key when the day or the credentials change', () => {
  const signer = createSigner({
    host: 'h',
    path: '/',
    region: 'eu-west-1',
    service: 'dynamodb',
  });
  const one = { accessKeyId: 'A', secretAccessKey: 'one' };
  const two = { accessKeyId: 'A', secretAccessKey: 'two' };
  const body = Buffer.from('{}');
  const noon = Date.UTC(2026, 0, 31, 12);
  const sign = (credentials: typeof one, now: number) => signer('t', body, credentials, now).join();
  const first = sign(one, noon);
  expect(sign(two, noon)).not.toBe(first);
  expect(sign(one, noon + 86_400_000)).not.toBe(first);
  expect(sign(one, noon)).toBe(first);
});
