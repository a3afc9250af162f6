// What a program parses before it does anything: a half of the driver of MySQL is tables that nothing asks for in most runs.
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** Of chunks, where the tables lie: they are read there when a text is in such an encoding. */
const tables = './encodings';

/**
 * For programs. The tables of encodings stay files; the names of errors are one text, which is read faster than two
 * thousand statements; of authorities for names like `Amazon RDS` there are none, as mysql/tls.ts hands over its own.
 */
export function quickToLoad(dist) {
  return {
    name: 'quick to load',
    setup: ({ onLoad, onResolve, onEnd }) => {
      const kept = new Set();
      onResolve({ filter: /^\.\/(tables\/.*\.json|sbcs-data-generated)$/ }, ({ path, importer }) => {
        if (!/iconv-lite\/encodings\/[^/]*$/.test(importer)) return undefined;
        const file = require.resolve(join(dirname(importer), path));
        kept.add(file);
        return { path: `${tables}/${tableName(file)}`, external: true };
      });
      onLoad({ filter: /\/mysql2\/lib\/constants\/errors\.js$/ }, ({ path }) => {
        const names = JSON.stringify(JSON.stringify(require(path)));
        return { contents: `module.exports = JSON.parse(${names});` };
      });
      onLoad({ filter: /\/mysql2\/lib\/constants\/ssl_profiles\.js$/ }, () => ({
        contents: 'module.exports = {};',
      }));
      onEnd(async ({ metafile }) => {
        refuseElsewhere(metafile);
        mkdirSync(join(dist, 'chunks', tables), { recursive: true });
        for (const file of kept)
          writeFileSync(join(dist, 'chunks', tables, tableName(file)), await readFile(file));
      });
    },
  };
}

/** The one that is a module is one in the old format. */
function tableName(file) {
  return basename(file).replace(/\.js$/, '.cjs');
}

function refuseElsewhere({ outputs }) {
  const askers = Object.keys(outputs).filter((file) =>
    outputs[file].imports.some(({ path }) => path.startsWith(tables)),
  );
  const elsewhere = askers.filter((file) => basename(dirname(file)) !== 'chunks');
  if (askers.length === 0 || elsewhere.length > 0)
    throw new Error(`the tables of encodings are not found from ${elsewhere.join(', ') || 'anywhere'}`);
}
