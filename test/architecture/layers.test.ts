import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

/**
 * What each layer of src may import besides itself (DESIGN.md 7). A layer is a folder, a connector's folder, or a file
 * directly in src. `connectors` is what lies directly in src/connectors but the registry; `declare/declaration` is the
 * validated declaration as plain data (and its hash), which the engine is handed.
 */
const allowed: Record<string, readonly string[]> = {
  errors: [],
  'source-stack': [],
  values: ['errors'],
  expression: ['errors', 'values'],
  transform: ['errors', 'values'],
  connectors: ['errors', 'values'],
  'connectors/*': ['errors', 'values', 'connectors'],
  'connectors/registry': ['connectors', 'connectors/*'],
  declare: [
    'errors',
    'values',
    'expression',
    'transform',
    'connectors',
    'connectors/registry',
    'declare/declaration',
    'schedule',
  ],
  'declare/declaration': ['errors', 'values', 'expression', 'transform', 'connectors', 'connectors/registry'],
  journal: ['errors', 'values', 'expression', 'connectors', 'engine'],
  engine: ['errors', 'values', 'transform', 'connectors', 'declare/declaration'],
  flow: [
    'errors',
    'values',
    'expression',
    'transform',
    'connectors',
    'connectors/registry',
    'declare/declaration',
    'engine',
    'journal',
    'schedule',
  ],
  aws: [
    'errors',
    'source-stack',
    'values',
    'expression',
    'connectors',
    'declare/declaration',
    'journal',
    'flow',
    'schedule',
  ],
  schedule: ['errors', 'values'],
  warehouse: ['errors', 'values', 'connectors', 'connectors/*'],
  local: ['errors', 'values'],
  cli: [
    'errors',
    'source-stack',
    'values',
    'expression',
    'transform',
    'connectors',
    'connectors/registry',
    'declare',
    'declare/declaration',
    'engine',
    'flow',
    'journal',
    'schedule',
    'warehouse',
    'aws',
  ],
  index: [
    'errors',
    'values',
    'expression',
    'transform',
    'connectors',
    'declare',
    'declare/declaration',
    'engine',
    'flow',
  ],
};

/** Drawers into which anything would go. */
const drawers = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'types', 'lib', 'misc', 'shared']);
/** DESIGN.md 5 names `types` as a connector's file of its type table. */
const typeTable = /^src\/connectors\/[^/]+\/types\.ts$/;

const MAX_LINES = 400;

interface Import {
  readonly file: string;
  readonly names: string;
}

const files = filesUnder('src');
const product = files.filter((file) => !isTest(file));
const everything = [...files, ...['test', 'bench', 'examples', 'scripts'].flatMap(filesUnder)];

/** The code below a folder, as paths from the repository's root with forward slashes. */
function filesUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter((path) => /\.(ts|mjs)$/.test(path) && !path.includes('node_modules'));
}

function isTest(file: string): boolean {
  return file.endsWith('.test.ts');
}

/** Every import, export-from and dynamic import of a file, type imports too, as they are written. */
function specifiers(file: string): string[] {
  const text = readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '');
  const form = /(?:^|[\s;}(])(?:import|export)\s*(?:[\w*{][^'";]*?\sfrom\s*|\(\s*)?['"]([^'"]+)['"]/g;
  return [...text.matchAll(form)].map((match) => match[1] ?? '');
}

/** The files of this repository that a file imports. */
function imports(file: string): Import[] {
  return specifiers(file)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => ({ file, names: normalize(join(dirname(file), specifier)).replace(/\.js$/, '.ts') }));
}

function layerOf(file: string): string {
  const [, folder = '', ...rest] = file.split('/');
  if (rest.length === 0) return folder.replace(/\.ts$/, '');
  if (/^src\/declare\/(declaration|hash)\.ts$/.test(file)) return 'declare/declaration';
  if (folder !== 'connectors') return folder;
  if (rest[0] === 'registry.ts') return 'connectors/registry';
  return rest.length === 1 ? 'connectors' : `connectors/${rest[0]}`;
}

function mayImport(from: string, to: string): boolean {
  if (from === to) return true;
  const isConnector = (layer: string) => /^connectors\/(?!registry$)/.test(layer);
  const rule = allowed[from] ?? (isConnector(from) ? allowed['connectors/*'] : undefined);
  if (!rule) return false;
  return rule.includes(to) || (isConnector(to) && rule.includes('connectors/*'));
}

describe('the layers of src', () => {
  const found = product.flatMap(imports);

  test('are all seen: the files, their imports, and the forms an import can have', () => {
    expect(product.length).toBeGreaterThan(20);
    expect(found.length).toBeGreaterThan(40);
    expect(imports('src/connectors/registry.ts').map((each) => each.names)).toEqual(
      expect.arrayContaining(['src/connectors/connector.ts', 'src/connectors/mysql/index.ts']),
    );
  });

  test('import only what their row of the table allows', () => {
    const wrong = found.filter(({ file, names }) => !mayImport(layerOf(file), layerOf(names)));
    expect(wrong.map(({ file, names }) => `${file} imports ${names}`)).toEqual([]);
  });

  test('import files that exist', () => {
    const known = new Set(files);
    expect(found.filter(({ names }) => names.endsWith('.ts') && !known.has(names))).toEqual([]);
  });

  test('do not import tests, or anything outside src', () => {
    const wrong = found.filter(({ names }) => isTest(names) || !/^(src\/|package\.json$)/.test(names));
    expect(wrong.map(({ file, names }) => `${file} imports ${names}`)).toEqual([]);
  });

  test('have no cycles between folders', () => {
    const edges = new Map<string, Set<string>>();
    for (const { file, names } of found) {
      const [from, to] = [layerOf(file), layerOf(names)];
      if (from !== to) edges.set(from, (edges.get(from) ?? new Set()).add(to));
    }
    expect(cycleIn(edges)).toEqual([]);
  });

  test('keep the CDK inside aws/cdk, and nothing else imports that', () => {
    const users = product.filter((file) =>
      specifiers(file).some((name) => /^(aws-cdk-lib|constructs)/.test(name)),
    );
    expect(users).toEqual(['src/aws/cdk/sluice-pipeline.ts']);
    expect(found.filter(({ names }) => names.startsWith('src/aws/cdk/'))).toEqual([]);
  });

  test('leave src/local to the tests, the scripts and the demo', () => {
    const users = found.filter(({ names }) => layerOf(names) === 'local').map(({ file }) => layerOf(file));
    expect(users.filter((layer) => layer !== 'local')).toEqual([]);
  });
});

describe('the files', () => {
  test('have at most 400 lines', () => {
    const long = everything.filter((file) => readFileSync(file, 'utf8').split('\n').length > MAX_LINES + 1);
    expect(long).toEqual([]);
  });

  test('lie in no drawer: no utils, helpers, common or types', () => {
    const wrong = everything.filter((file) => {
      if (isTest(file)) return false;
      const names = file.replace(/\.(ts|mjs)$/, '').split('/');
      return names.some((name) => drawers.has(name)) && !typeTable.test(file);
    });
    expect(wrong).toEqual([]);
  });

  test('are named in kebab case', () => {
    expect(everything.filter((file) => !/^[a-z0-9./-]+$/.test(file))).toEqual([]);
  });
});

/** The layers of one cycle, or none. */
function cycleIn(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const done = new Set<string>();
  const walk = (layer: string, path: string[]): string[] => {
    const start = path.indexOf(layer);
    if (start >= 0) return [...path.slice(start), layer];
    if (done.has(layer)) return [];
    for (const next of edges.get(layer) ?? []) {
      const cycle = walk(next, [...path, layer]);
      if (cycle.length > 0) return cycle;
    }
    done.add(layer);
    return [];
  };
  for (const layer of edges.keys()) {
    const cycle = walk(layer, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
