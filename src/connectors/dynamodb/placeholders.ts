import type { FiringValues } from '../../values/firing.js';
import type { Objection, Options } from '../option-rules.js';
import { placeholderName, placeholderValue, unknownPlaceholder } from '../placeholders.js';
import type { DynamodbSourceOptions } from './options.js';

const whole = /^\s*\{\{([^{}]*)\}\}\s*$/;
const any = /\{\{\s*firing\b/;

/** What is wrong with the placeholders of a declared source: they are whole values, and nothing else. */
export function placeholderMistakes(options: Options): readonly Objection[] {
  const query = mappingOf(options['query']);
  const sort = mappingOf(query['sort']);
  const values = Object.entries(mappingOf(options['values']));
  return [
    ...values.flatMap(([name, value]) => mistakeInValue(['values', name], value)),
    ...mistakeInValue(['query', 'partition'], query['partition']),
    ...['from', 'to', 'equals'].flatMap((bound) => mistakeInValue(['query', 'sort', bound], sort[bound])),
    ...mistakeInText(['query', 'sort', 'beginsWith'], sort['beginsWith']),
    ...mistakeInText(['filter'], options['filter']),
  ];
}

function mistakeInValue(path: Objection['path'], value: unknown): readonly Objection[] {
  if (typeof value !== 'string') return [];
  const [, inside] = whole.exec(value) ?? [];
  if (inside === undefined) return mistakeInText(path, value);
  return placeholderName(inside) === undefined ? [unknownPlaceholder(path, inside)] : [];
}

function mistakeInText(path: Objection['path'], text: unknown): readonly Objection[] {
  if (typeof text !== 'string' || !any.test(text)) return [];
  const message = 'a placeholder within other text is not replaced';
  const hint = 'name a value in the filter: values: { ":from": "{{ firing.start }}" }';
  return [{ code: 'wrong_value', path, message, hint }];
}

function mappingOf(value: unknown): Options {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Options) : {};
}

/** The options with the firing's values, texts of type S, in the place of placeholders. Throws `firing_missing`. */
export function withFiring(options: DynamodbSourceOptions, firing: FiringValues): DynamodbSourceOptions {
  const filled = <T>(value: T, path: string): T | string => {
    const name = typeof value === 'string' ? placeholderName(whole.exec(value)?.[1] ?? '') : undefined;
    return name === undefined ? value : placeholderValue(firing, name, path);
  };
  const { values, query } = options;
  const { from, to, equals, ...others } = query?.sort ?? {};
  const bounds = Object.entries({ from, to, equals }).filter(([, value]) => value !== undefined);
  const sort = {
    ...others,
    ...Object.fromEntries(bounds.map(([name, value]) => [name, filled(value, `from.query.sort.${name}`)])),
  };
  return {
    ...options,
    ...(values === undefined
      ? {}
      : {
          values: Object.fromEntries(
            Object.entries(values).map(([name, value]) => [name, filled(value, `from.values.${name}`)]),
          ),
        }),
    ...(query === undefined
      ? {}
      : {
          query: {
            ...query,
            partition: filled(query.partition, 'from.query.partition'),
            ...(query.sort ? { sort } : {}),
          },
        }),
  };
}
