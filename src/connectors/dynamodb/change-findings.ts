import type { Finding } from '../connector.js';
import type { KeySource } from './key.js';
import type { SinkPlanInput } from './sink-plan.js';

/** What the plan refuses where rows are changes, or where options are for changes and rows come. */
export function changeFindings(input: SinkPlanInput, key: readonly KeySource[]): readonly Finding[] {
  const { incoming, mode, options, name } = input;
  if (!incoming.changes) return rowFindings(input);
  if (mode === 'mirror') return mirrorFindings(input, key);
  if (mode === 'append') return appendFindings(input, key);
  const message = `${name}: changes go by append or mirror, not by ${options.mode ?? 'put, which is the default'}`;
  const hint = 'mode: mirror keeps the table as the source is; mode: append adds an item for each change';
  return [refuse('unsupported', message, 'to.mode', hint)];
}

function rowFindings({ mode, options, name }: SinkPlanInput): readonly Finding[] {
  if (mode === 'append') {
    const hint = 'insert adds items and keeps what is there';
    return [refuse('unsupported', `${name}: append is for changes, and rows come`, 'to.mode', hint)];
  }
  if (options.ttlDeletes === undefined) return [];
  return [
    {
      level: 'note',
      code: 'note',
      message: 'ttlDeletes is about changes, and rows come',
      path: 'to.ttlDeletes',
    },
  ];
}

/** A removed item is known by its key alone, and there is no place in which the last change of a key could be kept. */
function mirrorFindings(
  { incoming, name, replay }: SinkPlanInput,
  key: readonly KeySource[],
): readonly Finding[] {
  if (replay) {
    const message = `${name}: changes that were rejected cannot be replayed into DynamoDB, since a later change of the item may be there, or have removed it`;
    const hint =
      'give them up with sluice replay --discard; sluice repair then brings the items as they are at the source now';
    return [refuse('unsupported', message, 'to.mode', hint)];
  }
  const columns = key.flatMap((source) => source.columns);
  if (key.length === 0 || isSame(columns, incoming.key)) return [];
  const comes = incoming.key.length === 0 ? 'it does not come whole' : `it is ${incoming.key.join(', ')}`;
  const message = `${name}: a mirror needs the key of the source as its key, not ${columns.join(', ')}: ${comes}`;
  const hint = 'a removed item is known by its key alone: map the key, or use append';
  return [refuse('key_missing', message, 'to.key', hint)];
}

function appendFindings({ incoming, name }: SinkPlanInput, key: readonly KeySource[]): readonly Finding[] {
  const columns = key.flatMap((source) => source.columns);
  if (key.length === 0 || columns.some((column) => !incoming.key.includes(column))) return [];
  const message = `${name}: the key ${columns.join(', ')} is that of the source, so that the changes of an item would meet`;
  const hint =
    'let map: { only: … } take { sequence: { meta: sequence } }, and say key: { partition: …, sort: sequence }; or use mirror';
  return [refuse('key_not_unique', message, 'to.key', hint)];
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name));
}

function refuse(code: Finding['code'], message: string, path: string, hint?: string): Finding {
  return { level: 'refuse', code, message, path, ...(hint ? { hint } : {}) };
}
