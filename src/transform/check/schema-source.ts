/** A JSON Schema as a declaration has it: plain JSON, numbers as doubles that print as they were written. */
export interface SchemaSource {
  /** For messages: the file's name, or where in the declaration it is written. */
  readonly name: string;
  readonly schema: unknown;
  /** Files beside it that it refers to, by their names as references resolve them: `defs/place.json`. */
  readonly files: Readonly<Record<string, unknown>>;
}

/** A schema that cannot be used, with the place in it. Messages say nothing of rows. */
export class SchemaFault extends Error {
  /** The file beside the schema in which it is; absent for the schema itself. */
  readonly file: string | undefined;
  /** JSON Pointer, `/properties/Hits`; '' for the whole schema. */
  readonly pointer: string;
  readonly hint: string | undefined;

  constructor(
    message: string,
    about: { readonly file?: string; readonly pointer?: string; readonly hint?: string } = {},
  ) {
    super(message);
    this.file = about.file;
    this.pointer = about.pointer ?? '';
    this.hint = about.hint;
  }
}

/** A file beside the schema is referred to and not among `files`. */
export class SchemaFileMissing extends Error {
  readonly file: string;

  constructor(file: string) {
    super(`a schema refers to ${file}`);
    this.file = file;
  }
}
