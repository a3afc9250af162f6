import { dirname, resolve } from 'node:path';
import { privateFolder } from './private-folder.js';
import { onFreePort, startServer } from './process.js';
import { preparedVenv, type Venv } from './venv.js';

/** An AWS on 127.0.0.1, empty, in a process of its own. */
export interface LocalMinistack {
  /** Of all services. */
  readonly endpoint: string;
  readonly region: string;
  stop(): Promise<void>;
}

export interface MinistackOptions {
  /** Policies of roles, functions, queues and buckets are enforced. Without it anybody may do anything. */
  readonly enforced?: boolean;
  /** What functions are told is AWS, in place of this server: something that stands before it. */
  readonly functionsSee?: string;
  /** A Python program that starts it, in place of its own, and what it finds in its environment. */
  readonly program?: { readonly file: string; readonly env: Readonly<Record<string, string>> };
  readonly say?: (line: string) => void;
}

const REGION = 'eu-west-1';
const ANSWER_WITHIN_MS = 5000;
/** Its first start compiles itself. */
const READY_WITHIN_MS = 300_000;

const request = {
  folder: resolve(import.meta.dirname, '../../.local/ministack'),
  packages: ['ministack==1.5.33'],
};

/** The Python that has ministack, installed if need be. Throws `server_missing` where it cannot be had. */
export async function preparedMinistack(say?: (line: string) => void): Promise<Venv> {
  return await preparedVenv(request, say);
}

/**
 * CloudFormation, Lambda (functions are processes of this machine's Node), Step Functions, SQS, S3, DynamoDB and more, for
 * tests of what is deployed. It is none of ours: ministack, a Python program, in a private environment. An access key of
 * twelve digits is the account of that number; names of buckets are shared. Throws `server_missing` where it cannot be had.
 */
export async function startMinistack(options: MinistackOptions = {}): Promise<LocalMinistack> {
  const { python } = await preparedMinistack(options.say);
  const server = await onFreePort(async (port) => {
    const folder = await privateFolder();
    return await startServer({
      folder,
      command: 'env',
      args: ['-i', ...environment(port, folder, options), python, ...programOf(options)],
      ready: () => answers(endpointAt(port)),
      readyWithinMs: READY_WITHIN_MS,
      // The processes of its functions go with it.
      signal: 'TERM',
    });
  });
  return { endpoint: endpointAt(server.port), region: REGION, stop: server.stop };
}

function programOf({ program }: MinistackOptions): readonly string[] {
  return program ? [program.file] : ['-m', 'ministack'];
}

/** All of it: what is in its environment is in that of the functions, too. */
function environment(
  port: number,
  folder: string,
  { enforced = false, functionsSee, program }: MinistackOptions,
): string[] {
  const variables = {
    // Functions run on the Node that runs the tests, and on nothing else of this user's.
    PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    GATEWAY_PORT: String(port),
    EDGE_PORT: String(port),
    BIND_HOST: '127.0.0.1',
    MINISTACK_HOST: '127.0.0.1',
    MINISTACK_REGION: REGION,
    LAMBDA_EXECUTOR: 'local',
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    AUTH: String(enforced),
    TMPDIR: folder,
    STATE_DIR: `${folder}/state`,
    S3_DATA_DIR: `${folder}/s3`,
    ...(functionsSee === undefined ? {} : { AWS_ENDPOINT_URL: functionsSee }),
    ...program?.env,
  };
  return Object.entries(variables).map(([name, value]) => `${name}=${value}`);
}

function endpointAt(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** A page of its own, which no other program has. */
async function answers(endpoint: string): Promise<boolean> {
  try {
    const response = await fetch(`${endpoint}/_ministack/health`, {
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
