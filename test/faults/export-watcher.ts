import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Place } from './export-look.js';
import type { Witness } from './export-watch.js';

export interface Watcher {
  /** What it has seen until now; it looks no more. */
  end(): Promise<Witness>;
}

let made: Promise<string> | undefined;

/** Its program, made once for a test file. */
async function watcherProgram(): Promise<string> {
  const result = await build({
    entryPoints: [join(import.meta.dirname, 'export-watch.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
  return result.outputFiles[0]?.text ?? '';
}

/** A reader in a process of its own that looks all along. Resolves when it has looked once. */
export async function startWatcher(place: Place): Promise<Watcher> {
  made ??= watcherProgram();
  const folder = await mkdtemp(join(tmpdir(), 'sluice-watcher-'));
  const program = join(folder, 'watch.mjs');
  await writeFile(program, await made);
  const child = spawn(process.execPath, [program, JSON.stringify(place)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed]);
  return {
    end: async () => {
      child.stdin.end();
      await closed;
      await rm(folder, { recursive: true, force: true });
      const [, told] = output.split('\n');
      if (!told) throw new Error('the watcher died');
      return JSON.parse(told) as Witness;
    },
  };
}
