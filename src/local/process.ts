import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanEnvironment } from './command.js';

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(address)));
    });
  });
}

const MAX_STARTS = 3;

/** Starts something on a free port. A port that was free may be taken a moment later: then with another one. */
export async function onFreePort(
  start: (port: number) => Promise<RunningServer>,
): Promise<RunningServer & { readonly port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      return { port, ...(await start(port)) };
    } catch (error) {
      const taken = error instanceof Error && /already (in use|allocated)/i.test(error.message);
      if (!taken || attempt === MAX_STARTS) throw error;
    }
  }
}

/** A server to start, in a folder of its own that goes with it. */
export interface ServerCommand {
  readonly folder: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Answers whether the server can be used. */
  readonly ready: () => Promise<boolean>;
  readonly readyWithinMs?: number;
  /** KILL for a server whose data nobody will miss (default); TERM where something must be taken down in order. */
  readonly signal?: 'KILL' | 'TERM';
}

export interface RunningServer {
  readonly pid: number;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
const POLL_MS = 50;
const MAX_OUTPUT_CHARACTERS = 4000;

/**
 * The keeper: a shell, in a session of its own, between this process and the server. It holds the read end of a pipe
 * whose write end only this process has. However this process ends, SIGKILL included, the pipe closes; then the
 * keeper stops the server and removes the folder. The end of the server's log is its output.
 */
const keeper = `
folder=$1 signal=$2; shift 2
trap '' PIPE
echo $$ >"$folder/keeper.pid"
exec 3<&0
"$@" </dev/null 3<&- >"$folder/log" 2>&1 &
server=$!
echo $server >"$folder/server.pid"
(
  cat <&3
  kill -s $signal $server
  for second in 1 2 3 4 5 6 7 8 9 10; do
    for tenth in 1 2 3 4 5 6 7 8 9 10; do kill -s 0 $server || exit; sleep 0.1; done
  done
  kill -s KILL $server
) >/dev/null 2>&1 &
watcher=$!
wait $server
kill $watcher
tail -c ${MAX_OUTPUT_CHARACTERS} "$folder/log"
rm -rf -- "$folder"
`;

/** Starts a server with a clean environment and waits until `ready` answers true. Its last output is in the error. */
export async function startServer(server: ServerCommand): Promise<RunningServer> {
  const { folder, command, args, signal = 'KILL' } = server;
  const child = spawn('sh', ['-c', keeper, 'sluice-keeper', folder, signal, command, ...args], {
    cwd: folder,
    env: cleanEnvironment(),
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  let output = '';
  child.stdout?.on('data', (data: Buffer) => {
    output = (output + data.toString()).slice(-MAX_OUTPUT_CHARACTERS);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  if (await becomesReady(server, child)) {
    for (const handle of handles(child)) handle.unref();
    return { pid: child.pid ?? 0, stop: () => stop(child, ended) };
  }
  await stop(child, ended);
  throw new Error(`${command} did not start: ${output.trim() || 'it printed nothing'}`);
}

async function becomesReady(server: ServerCommand, child: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + (server.readyWithinMs ?? READY_WITHIN_MS);
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) return false;
    if (await server.ready()) return true;
    await sleep(POLL_MS);
  }
  return false;
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  for (const handle of handles(child)) handle.ref();
  child.stdin?.destroy();
  await ended;
}

/** What keeps this process alive as long as the child lives, unless it is told not to. */
function handles(child: ChildProcess): (ChildProcess | Socket)[] {
  const pipes = [child.stdin, child.stdout].filter((pipe) => pipe instanceof Socket);
  return [child, ...pipes];
}
