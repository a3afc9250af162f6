import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BuildFailure, build, type Message, type Plugin, stop } from 'esbuild';

/** A program as one module that imports nothing but Node's own modules. */
export interface Bundle {
  readonly text: string;
  /** Its source map, JSON text; sources are relative to the program's folder. */
  readonly map: string;
  /** Of all files that it was made of, wherever they lie. */
  readonly digest: string;
}

/** A mistake of syntax, or an import that leads nowhere. Lines and columns count from 1. */
export interface BuildMistake {
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/**
 * Strips the types of a program and takes in what it imports. `sluice` itself is always found, installed
 * beside the program or not. Returns the mistakes if there are any.
 */
export async function bundle(file: string): Promise<Bundle | readonly BuildMistake[]> {
  const url = pathToFileURL(file).href;
  try {
    const { outputFiles, metafile } = await build({
      entryPoints: [file],
      absWorkingDir: dirname(file),
      outfile: 'declaration.mjs',
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: 'external',
      sourcesContent: false,
      tsconfigRaw: '{}',
      logLevel: 'silent',
      define: { 'import.meta.url': JSON.stringify(url) },
      banner: { js: requireFrom(url) },
      plugins: [ownPackage],
    });
    const text = outputFiles.find((each) => each.path.endsWith('.mjs'))?.text ?? '';
    const map = outputFiles.find((each) => each.path.endsWith('.map'))?.text ?? '{}';
    return { text, map, digest: await digestOf(Object.keys(metafile.inputs), dirname(file)) };
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    return error.errors.map(mistakeOf);
  } finally {
    await stop();
  }
}

/** Packages in the old module format call `require` for Node's own modules. */
function requireFrom(url: string): string {
  return `import{createRequire as sluiceRequire}from'node:module';const require=sluiceRequire(${JSON.stringify(url)});`;
}

const ownPackage: Plugin = {
  name: 'sluice',
  setup({ onResolve }) {
    onResolve({ filter: /^sluice$/ }, () => ({ path: authoring }));
  },
};

/** Compiled, or (in the tests) as it was written. */
const compiled = fileURLToPath(new URL('./authoring.js', import.meta.url));
const authoring = existsSync(compiled) ? compiled : compiled.replace(/\.js$/, '.ts');

async function digestOf(inputs: readonly string[], folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const input of inputs.toSorted()) {
    const path = resolve(folder, input);
    if (path !== authoring) hash.update(JSON.stringify([input, await readFile(path, 'base64')]));
  }
  return hash.digest('hex');
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

function mistakeOf({ text, location }: Message): BuildMistake {
  if (!location) return { message: text };
  return { message: text, file: location.file, line: location.line, column: location.column + 1 };
}
