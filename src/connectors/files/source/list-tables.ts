import { readLatest } from '../../published.js';
import type { Store } from '../../store.js';
import { type Format, isOfFormat, suffixes } from './found-table.js';

const formats = Object.keys(suffixes) as readonly Format[];
const LATEST = /^(?:(.*)\/)?LATEST\.json$/;

/** Names that a source can have for its table, and that match a pattern: exports by their folders, files without their endings, folders of files. */
export async function listTables(store: Store, patterns: readonly string[]): Promise<readonly string[]> {
  const exports = new Set<string>();
  const others = new Set<string>();
  for await (const { name } of store.list('')) {
    const latest = LATEST.exec(name);
    if (latest?.[1] !== undefined) exports.add(latest[1]);
    else if (latest) {
      const tables = (await readLatest(store, ''))?.latest.tables ?? [];
      for (const table of tables) exports.add(table.name);
    }
    if (!latest) for (const table of tableNames(name)) others.add(table);
  }
  const inside = (table: string) => [...exports].some((folder) => table.startsWith(`${folder}/`));
  const all = [...exports, ...[...others].filter((table) => !exports.has(table) && !inside(table))];
  const wanted = patterns.map(patternForm);
  return all.filter((table) => wanted.some((form) => form.test(table))).sort();
}

/** What a file may be called as a table: itself, or the folder that it lies in. */
function tableNames(name: string): readonly string[] {
  const format = formats.find((one) => isOfFormat(name, one));
  if (!format) return [];
  const slash = name.lastIndexOf('/');
  if (slash !== -1) return [name.slice(0, slash)];
  const suffix = suffixes[format].find((one) => name.endsWith(one)) ?? '';
  return [name.slice(0, -suffix.length)];
}

/** `*` is any characters within a name between slashes, `?` one. */
function patternForm(pattern: string): RegExp {
  const form = pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, (character) =>
    character === '*' ? '[^/]*' : character === '?' ? '[^/]' : `\\${character}`,
  );
  return new RegExp(`^${form}$`);
}
