import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';
import { root } from './install.mjs';

/** What is started. All that they share, and all that is imported lazily, becomes chunks. */
const programs = ['cli/main', 'local/demo', 'local/mysql'];
/** What declarations import: a file each, of which nothing but what they use becomes part of a declaration. */
const libraries = ['index', 'declare/program/authoring', 'aws/cdk/sluice-pipeline'];

/**
 * What stays in node_modules: a program of the platform, servers for development, the CDK of those who have one, and packages in
 * the old module format that are imported lazily. A bundle would give those another shape: nothing but a default.
 */
const outside = [
  'aws-cdk-lib',
  'constructs',
  'esbuild',
  'fauxqs',
  '@duckdb/node-api',
  'ajv',
  'ajv-draft-04',
  'ajv-formats',
  'cli-progress',
];

/**
 * Bundles compiled modules with the packages they use, and puts their types and the packages' licenses beside them.
 * Throws where a package would not be what it is unbundled.
 */
export async function bundle(compiled, dist) {
  const options = {
    absWorkingDir: root,
    outdir: dist,
    outbase: compiled,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    external: outside,
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  };
  const modules = (names) => names.map((name) => join(compiled, `${name}.js`));
  const [{ metafile }] = await Promise.all([
    build({
      ...options,
      entryPoints: modules(programs),
      splitting: true,
      chunkNames: 'chunks/[name]-[hash]',
      banner: { js: withRequire },
      plugins: [ownUrls(compiled)],
    }),
    build({ ...options, entryPoints: modules(libraries) }),
  ]);
  refuseReshaped(metafile.inputs);
  copyTypes(compiled, dist);
  writeFileSync(join(dist, 'licenses.txt'), licenses(Object.keys(metafile.inputs)));
}

/** Packages in the old module format call `require` for Node's own modules. */
const withRequire =
  "import{createRequire as sluiceRequire}from'node:module';const require=sluiceRequire(import.meta.url);";

const ownUrl = /(?<!['"])import\.meta\.url(?!['"])/g;

/** A module of ours that asks where it is gets the answer it would get unbundled: programs and chunks lie one folder below dist. */
function ownUrls(compiled) {
  return {
    name: 'own urls',
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.js$/ }, async ({ path }) => {
        if (!path.startsWith(compiled)) return undefined;
        const place = JSON.stringify(`../${relative(compiled, path).replaceAll('\\', '/')}`);
        const text = await readFile(path, 'utf8');
        const contents = text.replaceAll(ownUrl, `new URL(${place}, import.meta.url).href`);
        return { contents, resolveDir: dirname(path) };
      });
    },
  };
}

function refuseReshaped(inputs) {
  for (const [file, { imports }] of Object.entries(inputs)) {
    if (file.includes('node_modules')) continue;
    const lazy = imports.filter(
      ({ kind, path }) => kind === 'dynamic-import' && inputs[path]?.format === 'cjs',
    );
    if (lazy.length === 0) continue;
    throw new Error(
      `${file} lazily imports ${lazy[0].original}, in the old module format: let it stay outside`,
    );
  }
}

function copyTypes(compiled, dist) {
  const files = readdirSync(compiled, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => name.endsWith('.d.ts'))) {
    mkdirSync(dirname(join(dist, file)), { recursive: true });
    copyFileSync(join(compiled, file), join(dist, file));
  }
}

/** The packages' licenses ask to go with every copy of their code. */
function licenses(inputs) {
  const folders = inputs.map((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]);
  const packages = [...new Set(folders)].filter((folder) => folder !== undefined).toSorted();
  const text = packages.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    return `${name} ${version} (${license})\n\n${licenseIn(folder)}`;
  });
  return `The program holds code of these packages.\n\n${text.join('\n\n---\n\n')}\n`;
}

function licenseIn(folder) {
  const files = readdirSync(join(root, folder)).filter((name) => /^(licen[cs]e|notice)/i.test(name));
  return files.map((name) => readFileSync(join(root, folder, name), 'utf8').trim()).join('\n\n');
}
