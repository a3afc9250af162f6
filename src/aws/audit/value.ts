/** Values of a template, with its functions in their long form: `{ Ref: X }`, `{ 'Fn::GetAtt': [X, Arn] }`. */

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The fields of an object; none of anything else. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** What a list holds; of anything else itself; of what is absent nothing. */
export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}

/** `true`, also as CloudFormation takes it in YAML and in texts. */
export function isTrue(value: unknown): boolean {
  return value === true || /^(true|yes|on)$/i.test(String(value));
}

/**
 * A value as text in which `${X}` stands for what is known only when it is deployed: a `Ref` is `${X}`, a `GetAtt`
 * `${X.Arn}`, a `Sub` its own text; a `Join` is joined. Undefined for lists and objects that are no function.
 */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!isFields(value)) return undefined;
  const [name = '', argument] = Object.entries(value)[0] ?? [];
  if (Object.keys(value).length !== 1) return undefined;
  return functions[name]?.(argument) ?? (/^(Fn::|Condition$)/.test(name) ? `\${${name}}` : undefined);
}

const functions: Readonly<Record<string, (argument: unknown) => string | undefined>> = {
  Ref: (argument) => `\${${String(argument)}}`,
  'Fn::GetAtt': (argument) => `\${${listOf(argument).map(String).join('.')}}`,
  'Fn::Sub': (argument) => textOf(listOf(argument)[0]),
  'Fn::Join': (argument) => {
    const [between, parts] = listOf(argument);
    const texts = listOf(parts).map(textOf);
    return texts.every((text) => text !== undefined) ? texts.join(String(between)) : undefined;
  },
};

/** The names of resources and parameters that the text refers to. */
export function namesIn(text: string): readonly string[] {
  return [...text.matchAll(/\$\{([^}!.:]+)[^}]*\}/g)].map((match) => match[1] ?? '');
}

/** Each value that an `If` may give; of anything else itself. */
export function choicesOf(value: unknown): readonly unknown[] {
  const choice = fieldsOf(value)['Fn::If'];
  if (!Array.isArray(choice)) return [value];
  return choice.slice(1).flatMap(choicesOf);
}
