import { SluiceError } from '../errors.js';

/** SQS and S3 on 127.0.0.1, empty, within this process. */
export interface LocalSqs {
  /** Of both services. */
  readonly endpoint: string;
  readonly region: string;
  stop(): Promise<void>;
}

const REGION = 'eu-west-1';

/**
 * An emulator for the demo and the tests: fauxqs, an npm package that a checkout of this repository has. Throws
 * `server_missing` where it is not installed.
 */
export async function startSqs(): Promise<LocalSqs> {
  const { buildApp } = await emulator();
  // Its own start would listen on every address of the machine.
  const app = await buildApp({ logger: false, defaultRegion: REGION });
  const endpoint = await app.listen({ port: 0, host: '127.0.0.1' });
  return {
    endpoint,
    region: REGION,
    stop: async () => {
      app.server.closeAllConnections();
      await app.close();
    },
  };
}

async function emulator(): Promise<typeof import('fauxqs')> {
  try {
    return await import('fauxqs');
  } catch (error) {
    throw new SluiceError('server_missing', 'no SQS emulator was found', {
      hint: 'npm i --no-save fauxqs',
      cause: error,
    });
  }
}
