/** Small answers of AWS's own services, at the network: a secret that changes, and credentials that are new each time. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SmallServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Secrets Manager with one secret: its versions one after the other, the last one for good. */
export async function startSecrets(versions: readonly object[]): Promise<SmallServer> {
  let asked = 0;
  return await start((_request, response) => {
    const version = versions[Math.min(asked++, versions.length - 1)];
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end(JSON.stringify({ Name: 'secret', SecretString: JSON.stringify(version) }));
  });
}

/**
 * What a container asks for its credentials.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
export async function startCredentials(): Promise<SmallServer> {
  let asked = 0;
  return await start((_request, response) => {
    const expires = new Date(Date.now() + 6 * 3_600_000).toISOString();
    const key = { AccessKeyId: `key${asked++}`, SecretAccessKey: 'test', Token: 'test', Expiration: expires };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(key));
  });
}

async function start(answer: RequestListener): Promise<SmallServer> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
