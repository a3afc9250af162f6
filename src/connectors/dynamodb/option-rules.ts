import { exactlyOne, type Objecting, type OptionRules, type Options, onlyWithMode } from '../option-rules.js';
import { placeholderMistakes } from './placeholders.js';

/** The rules between the fields of options.ts. */
export const rules: OptionRules = {
  connection() {
    // Region, endpoint and role stand each for themselves.
  },
  source(options, object) {
    exactlyOne(['table', 'tables'], options, object);
    for (const mistake of placeholderMistakes(options)) object(mistake);
    checkValues(options, object);
    checkKeys(options, object);
    const query = fieldsOf(options['query']);
    checkSort(fieldsOf(query?.['sort']), object);
    if (options['fetch'] !== undefined && query?.['index'] === undefined) {
      const message = '`fetch: items` follows an index: `query.index` is missing';
      object({ code: 'missing_field', path: ['fetch'], message, hint: 'a table gives whole items anyway' });
    }
  },
  sink(options, object) {
    onlyWithMode('mirror', 'deletes', options, object);
    onlyWithMode('mirror', 'ttlDeletes', options, object);
    onlyWithMode('newest', 'by', options, object);
    if (options['mode'] === 'newest' && options['by'] === undefined) {
      const message = '`mode: newest` needs `by`';
      object({
        code: 'missing_field',
        path: ['mode'],
        message,
        hint: 'by: the attribute that says which is newer',
      });
    }
  },
};

/** A key list says all that is read, but for the attributes. */
function checkKeys(options: Options, object: Objecting): void {
  if (options['keys'] === undefined) return;
  for (const field of ['tables', 'filter', 'query', 'fetch']) {
    if (options[field] === undefined) continue;
    const hint = 'a key list names the items of one table, whatever is in them';
    object({
      code: 'conflict',
      path: [field],
      message: `\`${field}\` and \`keys\` exclude each other`,
      hint,
    });
  }
}

/** Every `:name` of the filter has a value, and every value is used. */
function checkValues(options: Options, object: Objecting): void {
  const { filter } = options;
  const values = Object.keys(fieldsOf(options['values']) ?? {});
  const named = typeof filter === 'string' ? new Set(filter.match(/:[A-Za-z0-9_]+/g)) : new Set<string>();
  for (const name of named) {
    if (values.includes(name)) continue;
    const message = `\`filter\` names ${name}, which \`values\` lacks`;
    object({ code: 'missing_field', path: ['filter'], message, hint: `values: { "${name}": … }` });
  }
  for (const name of values) {
    if (named.has(name) || !name.startsWith(':')) continue;
    object({ code: 'conflict', path: ['values', name], message: `\`filter\` does not use ${name}` });
  }
}

function checkSort(sort: Options | undefined, object: Objecting): void {
  if (!sort) return;
  const given = ['from', 'to', 'equals', 'beginsWith'].filter((field) => sort[field] !== undefined);
  const path = ['query', 'sort'];
  const hint = 'from and to, or equals, or beginsWith';
  if (given.length === 0) object({ code: 'missing_field', path, message: '`sort` says nothing', hint });
  if (given.length < 2 || given.join() === 'from,to') return;
  object({ code: 'conflict', path, message: `\`${given.join('`, `')}\` exclude each other`, hint });
}

function fieldsOf(value: unknown): Options | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Options)
    : undefined;
}
