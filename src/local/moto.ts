import { resolve } from 'node:path';
import { privateFolder } from './private-folder.js';
import { onFreePort, startServer } from './process.js';
import { preparedVenv, type Venv } from './venv.js';

/** RDS, S3, KMS, IAM and STS on 127.0.0.1, empty, in a process of their own. */
export interface LocalMoto {
  /** Of all services. */
  readonly endpoint: string;
  readonly region: string;
  stop(): Promise<void>;
}

const REGION = 'eu-west-1';
const ANSWER_WITHIN_MS = 5000;
/** Its first start compiles itself. */
const READY_WITHIN_MS = 300_000;

/**
 * Of moto's server only what is used here: its own list for `server` is more than twice as large, with a template checker
 * and a computer algebra system in it.
 */
const request = {
  folder: resolve(import.meta.dirname, '../../.local/moto'),
  packages: [
    'moto[rds,s3]==5.2.5',
    'Flask==3.1.3',
    'flask-cors==6.0.5',
    'Werkzeug==3.1.9',
    'boto3==1.44.5',
    'botocore==1.44.5',
  ],
};

/** The Python that has moto, installed if need be. Throws `server_missing` where it cannot be had. */
export async function preparedMoto(say?: (line: string) => void): Promise<Venv> {
  return await preparedVenv(request, say);
}

/**
 * An AWS for the demo and the tests that is none of ours: moto's server, a Python program, in a private environment.
 * Throws `server_missing` where it cannot be had.
 */
export async function startMoto(say?: (line: string) => void): Promise<LocalMoto> {
  const { python } = await preparedMoto(say);
  const server = await onFreePort(async (port) =>
    startServer({
      folder: await privateFolder(),
      command: python,
      args: ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
      ready: () => answers(endpointAt(port)),
      readyWithinMs: READY_WITHIN_MS,
    }),
  );
  return { endpoint: endpointAt(server.port), region: REGION, stop: server.stop };
}

function endpointAt(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** https://docs.getmoto.org/en/latest/docs/server_mode.html: a page of its own, which no other program has. */
async function answers(endpoint: string): Promise<boolean> {
  try {
    const response = await fetch(`${endpoint}/moto-api/data.json`, {
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
