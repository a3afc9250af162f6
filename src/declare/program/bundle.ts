import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BuildFailure, build, type Message, type Plugin, stop } from 'esbuild';

/** A program as one module that imports nothing but Node's own modules. */
export interface Bundle {
  readonly text: string;
  /** Its source map, JSON text; sources are relative to the program's folder. */
  readonly map: string;
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
    const { outputFiles } = await build({
      entryPoints: [file],
      absWorkingDir: dirname(file),
      outfile: 'declaration.mjs',
      bundle: true,
      write: false,
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
    return { text, map: outputFiles.find((each) => each.path.endsWith('.map'))?.text ?? '{}' };
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
    const compiled = fileURLToPath(new URL('./authoring.js', import.meta.url));
    const path = existsSync(compiled) ? compiled : compiled.replace(/\.js$/, '.ts');
    onResolve({ filter: /^sluice$/ }, () => ({ path }));
  },
};

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

function mistakeOf({ text, location }: Message): BuildMistake {
  if (!location) return { message: text };
  return { message: text, file: location.file, line: location.line, column: location.column + 1 };
}
