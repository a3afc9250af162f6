import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SluiceError } from '../errors.js';
import { dockerAnswers, startContainer } from './docker.js';
import { privateFolder } from './private-folder.js';
import { onFreePort, startServer } from './process.js';

/** A DynamoDB engine that may be filled with tables at will. */
export interface LocalDynamodb {
  readonly endpoint: string;
  readonly region: string;
  /** Somebody else's engine, given by its URL: leave alone what is there, take away what you made. */
  readonly given: boolean;
  /** Stops an engine that was started here; leaves one alone that was given by its URL. */
  stop(): Promise<void>;
}

const REGION = 'eu-west-1';
const IMAGE = 'amazon/dynamodb-local:latest';
const ANSWER_WITHIN_MS = 1000;

/**
 * An engine for the demo and the tests: the one at `SLUICE_DYNAMODB_URL` (DynamoDB Local, say); else a private one on
 * 127.0.0.1, in memory: dynoxide, a static binary inside an npm package, or DynamoDB Local by Docker. Throws
 * `server_missing` where none of these is possible.
 */
export async function startDynamodb(say = (line: string) => console.error(line)): Promise<LocalDynamodb> {
  const url = process.env['SLUICE_DYNAMODB_URL'];
  if (url) return given(url);
  const program = dynoxide();
  if (program) return await startProgram(program);
  if (await dockerAnswers()) {
    say(`starting ${IMAGE} with Docker …`);
    return await startImage();
  }
  const platform = `${process.platform}-${process.arch}`;
  throw new SluiceError('server_missing', `no DynamoDB engine was found for ${platform}`, {
    hint: `npm i --no-save @dynoxide/${platform}, start Docker, or run DynamoDB Local and set SLUICE_DYNAMODB_URL=http://127.0.0.1:8000`,
  });
}

function given(text: string): LocalDynamodb {
  if (!URL.canParse(text) || !/^https?:/.test(text)) {
    throw new SluiceError('usage', 'SLUICE_DYNAMODB_URL is not a URL like http://127.0.0.1:8000');
  }
  return { endpoint: text.replace(/\/+$/, ''), region: REGION, given: true, stop: async () => undefined };
}

/** The binary that npm installed for this platform; undefined where there is none. */
function dynoxide(): string | undefined {
  try {
    const manifest = `@dynoxide/${process.platform}-${process.arch}/package.json`;
    return join(dirname(createRequire(import.meta.url).resolve(manifest)), 'dynoxide');
  } catch {
    return undefined;
  }
}

async function startProgram(command: string): Promise<LocalDynamodb> {
  const server = await onFreePort(async (port) =>
    startServer({
      folder: await privateFolder(),
      command,
      args: ['serve', '--host', '127.0.0.1', '--port', String(port)],
      ready: () => answers(endpointAt(port)),
    }),
  );
  return { endpoint: endpointAt(server.port), region: REGION, given: false, stop: server.stop };
}

async function startImage(): Promise<LocalDynamodb> {
  const server = await onFreePort((port) =>
    startContainer({
      image: IMAGE,
      port,
      innerPort: 8000,
      args: ['-jar', 'DynamoDBLocal.jar', '-inMemory', '-sharedDb'],
      ready: () => answers(endpointAt(port)),
    }),
  );
  return { endpoint: endpointAt(server.port), region: REGION, given: false, stop: server.stop };
}

function endpointAt(port: number): string {
  return `http://127.0.0.1:${port}`;
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return true;
  } catch {
    return false;
  }
}
