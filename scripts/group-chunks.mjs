// Few files load faster than many: each costs a program about half a millisecond, however small it is.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { build } from 'esbuild';

/**
 * What most programs load, one after the other: of each, the chunks that it imports become one file, but for those of the ones
 * before it. What is below a file is in its own group or an earlier one, so that no two of them import each other.
 */
const groups = ['cli/main', 'declare/load', 'cli/run-declaration'];

const statement = /^import (?:\{([^}]*)\} from )?"([^"]+)";$/gm;

/** Joins chunks of a bundle that esbuild has split, by its metafile; paths there are from `root`. */
export async function groupChunks(root, { outputs }, options) {
  const grouped = new Map();
  const written = new Set(Object.keys(outputs).filter((file) => file.endsWith('.js')));
  for (const way of groups) {
    const start = [...written].find((file) => outputs[file]?.entryPoint?.endsWith(`/${way}.js`));
    if (start === undefined) throw new Error(`nothing is made of ${way}`);
    const members = [...below(start, outputs)].filter(
      (file) => !outputs[file].entryPoint && !grouped.has(file),
    );
    const group = join(dirname(members[0]), `with-${basename(way)}.js`);
    await joined(root, group, members, outputs, options);
    for (const file of members) grouped.set(file, group);
    written.add(group);
  }
  for (const file of grouped.keys()) {
    written.delete(file);
    for (const path of [file, `${file}.map`]) rmSync(join(root, path));
  }
  for (const file of written) {
    const path = join(root, file);
    writeFileSync(path, redirected(readFileSync(path, 'utf8'), file, grouped));
  }
}

/** The chunks that are loaded with a file. */
function below(file, outputs, found = new Set()) {
  for (const { path, kind, external } of outputs[file].imports) {
    if (external || kind !== 'import-statement' || found.has(path)) continue;
    found.add(path);
    below(path, outputs, found);
  }
  return found;
}

async function joined(root, group, members, outputs, options) {
  const contents = members.map((file) => {
    const names = outputs[file].exports.map((name) => `${name} as ${nameIn(file, name)}`);
    return `export { ${names.join(', ')} } from './${basename(file)}';`;
  });
  const own = new Set(members.map((file) => basename(file)));
  await build({
    ...options,
    stdin: { contents: contents.join('\n'), resolveDir: join(root, dirname(group)) },
    outfile: join(root, group),
    plugins: [
      {
        name: 'own members',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^/ }, ({ path, kind }) =>
            kind === 'entry-point' || own.has(basename(path)) ? undefined : { path, external: true },
          ),
      },
    ],
  });
}

/** No two chunks export the same under one name. */
function nameIn(file, name) {
  return `${name}_of_${basename(file, '.js').replaceAll(/\W/g, '_')}`;
}

/** Imports of chunks come from their groups. Each line stays where it is: source maps go by them. */
function redirected(text, importer, grouped) {
  const result = text.replaceAll(statement, (all, list, path) => {
    const file = join(dirname(importer), path);
    const group = grouped.get(file);
    if (group === undefined) return all;
    const from = JSON.stringify(relativeTo(importer, group));
    if (list === undefined) return `import ${from};`;
    const names = list.split(',').map((each) => {
      const [name, , as = name] = each.trim().split(' ');
      return `${nameIn(file, name)} as ${as}`;
    });
    return `import {${names.join(',')}${'\n'.repeat(list.split('\n').length - 1)}} from ${from};`;
  });
  const left = [...grouped.keys()].find((file) => result.includes(`/${basename(file)}"`));
  if (left !== undefined) throw new Error(`${importer} has ${left} otherwise than by an import of names`);
  return result;
}

function relativeTo(importer, file) {
  const path = relative(dirname(importer), file);
  return path.startsWith('.') ? path : `./${path}`;
}
