/** Small answers of AWS's own services, at the network: a secret that changes, and credentials that are new each time. */
import { type HttpServer, httpServer } from '../fixtures/http-server.js';

/** Secrets Manager with one secret: its versions one after the other, the last one for good. */
export async function startSecrets(versions: readonly object[]): Promise<HttpServer> {
  let asked = 0;
  return await httpServer((_request, response) => {
    const version = versions[Math.min(asked++, versions.length - 1)];
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end(JSON.stringify({ Name: 'secret', SecretString: JSON.stringify(version) }));
  });
}

/**
 * What a container asks for its credentials.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
export async function startCredentials(): Promise<HttpServer> {
  let asked = 0;
  return await httpServer((_request, response) => {
    const expires = new Date(Date.now() + 6 * 3_600_000).toISOString();
    const key = { AccessKeyId: `key${asked++}`, SecretAccessKey: 'test', Token: 'test', Expiration: expires };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(key));
  });
}
