import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { freePort, startServer } from './process.js';

/** A private DynamoDB engine on 127.0.0.1, in memory. */
export interface LocalDynamodb {
  readonly endpoint: string;
  readonly region: string;
  stop(): Promise<void>;
}

/** Starts dynoxide (a static binary inside an npm package) on a free port. */
export async function startDynamodb(): Promise<LocalDynamodb> {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve(`@dynoxide/${process.platform}-${process.arch}/package.json`);
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const server = await startServer(
    join(dirname(manifest), 'dynoxide'),
    ['serve', '--host', '127.0.0.1', '--port', String(port)],
    () => answers(endpoint),
  );
  return { endpoint, region: 'eu-west-1', stop: () => server.stop() };
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(1000) });
    return true;
  } catch {
    return false;
  }
}
