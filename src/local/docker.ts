import { findProgram, runProgram } from './command.js';
import { privateFolder } from './private-folder.js';
import { type RunningServer, startServer } from './process.js';

const ENGINE_WITHIN_MS = 10_000;
const PULL_WITHIN_MS = 10 * 60_000;

/** Whether there is a docker command, and an engine that answers it. */
export async function dockerAnswers(): Promise<boolean> {
  if (!findProgram('docker')) return false;
  return (
    await runProgram('docker', ['version', '--format', '{{.Server.Version}}'], {
      timeoutMs: ENGINE_WITHIN_MS,
    })
  ).succeeded;
}

export interface Container {
  readonly image: string;
  /** The port of 127.0.0.1, and the one inside. */
  readonly port: number;
  readonly innerPort: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly ready: () => Promise<boolean>;
}

/** Runs a container in the foreground of a keeper; it goes when this process does. */
export async function startContainer(container: Container): Promise<RunningServer> {
  const pulled = await runProgram('docker', ['pull', '-q', container.image], { timeoutMs: PULL_WITHIN_MS });
  if (!pulled.succeeded) throw new Error(`docker pull ${container.image}: ${pulled.output.trim()}`);
  const env = Object.entries(container.env ?? {}).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  return await startServer({
    folder: await privateFolder(),
    command: 'docker',
    args: [
      'run',
      '--rm',
      '--publish',
      `127.0.0.1:${container.port}:${container.innerPort}`,
      ...env,
      container.image,
      ...container.args,
    ],
    ready: container.ready,
    readyWithinMs: 120_000,
    signal: 'TERM',
  });
}
