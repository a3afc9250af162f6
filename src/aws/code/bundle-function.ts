import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, type BuildResult, build, type OutputFile, type Plugin, stop } from 'esbuild';

/** Where what is shipped of functions lies: beside this module, or (in the tests) in what was built of it. */
const beside = fileURLToPath(new URL('../handlers/lambda.js', import.meta.url));
const elsewhere = fileURLToPath(new URL('../../../dist/aws/handlers/lambda.js', import.meta.url));
const shipped = join(dirname(existsSync(beside) ? beside : elsewhere), '..', '..');

/** Packages of JSON Schema, left out where nothing is checked. */
const schemaPackages = ['ajv', 'ajv-draft-04', 'ajv-formats'];

/** What a function is made of. */
export interface FunctionShape {
  /** The module with what it can do: `copyWorks` of `copy-works`. */
  readonly works: { readonly module: string; readonly name: string };
  /** By the kinds of connections: the module of the connector, and its name there. */
  readonly connectors: ReadonlyMap<string, { readonly module: string; readonly name: string }>;
  readonly checks: boolean;
  /** `program.mjs` lies beside it. */
  readonly program: boolean;
}

/** In what is made here; whoever bundles this module does not mean it. */
const itsUrl = 'import.meta.url';
/** Packages in the old module format call `require` for Node's own modules. */
const OLD_MODULES = `import{createRequire as sluiceRequire}from'node:module';const require=sluiceRequire(${itsUrl});`;

const options = {
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  minify: true,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'silent',
  charset: 'utf8',
} as const;

/**
 * `index.mjs`, and beside it what it loads only when it is used (clients of AWS, JSON Schema), each with its map, by names. The same
 * shape gives the same bytes.
 */
export async function bundleFunction(shape: FunctionShape): Promise<ReadonlyMap<string, Uint8Array>> {
  const { outputFiles } = await built({
    ...options,
    entryPoints: [{ in: ENTRY, out: 'index' }],
    absWorkingDir: shipped,
    outdir: shipped,
    outExtension: { '.js': '.mjs' },
    splitting: true,
    mainFields: ['module', 'main'],
    external: ['@duckdb/node-api', './program.mjs', ...(shape.checks ? [] : schemaPackages)],
    banner: { js: OLD_MODULES },
    plugins: [entry(entryOf(shape))],
  });
  return named(outputFiles);
}

const ENTRY = 'function.js';

/** The module that the service calls. */
function entry(contents: string): Plugin {
  return {
    name: 'entry',
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /^function\.js$/ }, () => ({ path: ENTRY, namespace: 'entry' }));
      onLoad({ filter: /^/, namespace: 'entry' }, () => ({ contents, resolveDir: shipped }));
    },
  };
}

/** `program.mjs` and its map: a declaration that is a program, for the sake of its functions. */
export async function bundleProgram(file: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const authoring = join(shipped, 'declare', 'program', 'authoring.js');
  const { outputFiles } = await built({
    ...options,
    entryPoints: [file],
    absWorkingDir: dirname(file),
    outfile: join(dirname(file), 'program.mjs'),
    tsconfigRaw: '{}',
    banner: { js: OLD_MODULES },
    plugins: [
      {
        name: 'sluice',
        setup: ({ onResolve }) => {
          onResolve({ filter: /^sluice$/ }, () => ({ path: authoring }));
        },
      },
    ],
  });
  return named(outputFiles);
}

let building = 0;

/** Its own process goes when nothing is being built any more: it would keep the program from ending. */
async function built(asked: BuildOptions & { readonly write: false }): Promise<BuildResult<typeof asked>> {
  building++;
  try {
    return await build(asked);
  } finally {
    building--;
    if (building === 0) await stop();
  }
}

function named(files: readonly OutputFile[]): ReadonlyMap<string, Uint8Array> {
  return new Map(files.map(({ path, contents }) => [path.slice(dirname(path).length + 1), contents]));
}

function entryOf({ works, connectors, program }: FunctionShape): string {
  const kinds = [...connectors].sort(([one], [other]) => (one < other ? -1 : 1));
  return [
    "import { lambdaHandler } from './aws/handlers/lambda.js';",
    `import { ${works.name} } from './aws/handlers/${works.module}.js';`,
    ...kinds.map(
      ([kind, { module, name }]) => `import { ${name} as ${kind} } from './connectors/${module}/index.js';`,
    ),
    ...(program ? ["import program from './program.mjs';"] : []),
    `export const handler = lambdaHandler({ here: ${itsUrl}, works: ${works.name},`,
    `  connectors: { ${kinds.map(([kind]) => kind).join(', ')} }${program ? ', program' : ''} });`,
  ].join('\n');
}
