import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** Where packages put servers that a user's PATH often leaves out. */
const serverFolders = ['/usr/local/sbin', '/usr/sbin', '/usr/local/mysql/bin', '/opt/homebrew/bin'];

/** The first of the programs that is there, with its whole path; undefined when none is. */
export function findProgram(...names: readonly string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter).filter(Boolean), ...serverFolders];
  for (const name of names) {
    const found = folders.map((folder) => join(folder, name)).find(isExecutable);
    if (found) return found;
  }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What programs started here may see of the environment: nothing that changes what a server or an installer does. */
const passedOn = ['PATH', 'HOME', 'DOCKER_HOST', 'DOCKER_CONTEXT', 'http_proxy', 'https_proxy', 'no_proxy'];

export function cleanEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(passedOn.map((name) => [name, process.env[name]]));
}

export interface Outcome {
  readonly succeeded: boolean;
  /** Everything it printed. */
  readonly output: string;
}

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Runs a program to its end with nobody to answer questions, in a clean environment and `environment`. Does not throw when it fails. */
export async function runProgram(
  command: string,
  args: readonly string[],
  limits: { readonly timeoutMs: number; readonly environment?: Readonly<Record<string, string | undefined>> },
): Promise<Outcome> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, [...args], {
      env: { ...cleanEnvironment(), LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive', ...limits.environment },
      timeout: limits.timeoutMs,
      maxBuffer: MAX_OUTPUT_BYTES,
    });
    return { succeeded: true, output: stdout + stderr };
  } catch (error) {
    const {
      stdout = '',
      stderr = '',
      message,
    } = error as { stdout?: string; stderr?: string; message: string };
    return { succeeded: false, output: `${stdout}${stderr}` || message };
  }
}
