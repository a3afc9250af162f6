/** What a kind of connection says about its options beyond the shape of each field. */
export interface OptionRules {
  connection(options: Options, object: Objecting): void;
  /** Absent where the kind has no such end. */
  source?(options: Options, object: Objecting): void;
  sink?(options: Options, object: Objecting): void;
}

/** As they were written: any field may be missing or of a wrong type, which the schema says by itself. */
export type Options = Readonly<Record<string, unknown>>;

export type Objecting = (objection: Objection) => void;

export interface Objection {
  readonly code: 'missing_field' | 'conflict' | 'insecure' | 'wrong_value';
  /** The field it is about, from the options down; [] for the options as a whole. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint?: string;
  /** What was written in the place of one of these names: the nearest is suggested. */
  readonly among?: { readonly written: string; readonly names: readonly string[] };
}

/** Objects unless exactly one of the fields is there. */
export function exactlyOne(fields: readonly string[], options: Options, object: Objecting): void {
  const given = fields.filter((field) => options[field] !== undefined);
  if (given.length === 1) return;
  const choices = fields.map((field) => `\`${field}\``).join(' or ');
  if (given.length === 0) {
    object({ code: 'missing_field', path: [], message: `what is to be read is missing: ${choices}` });
    return;
  }
  for (const field of given.slice(1)) {
    const message = `\`${field}\` and \`${given[0]}\` exclude each other`;
    object({ code: 'conflict', path: [field], message, hint: `give one of ${choices}` });
  }
}

/** Objects to `field` where `mode` is not the one it belongs to. */
export function onlyWithMode(mode: string, field: string, options: Options, object: Objecting): void {
  if (options[field] === undefined || options['mode'] === mode) return;
  object({
    code: 'conflict',
    path: [field],
    message: `\`${field}\` goes with \`mode: ${mode}\` only`,
    hint: `say \`mode: ${mode}\`, or leave \`${field}\` out`,
  });
}
