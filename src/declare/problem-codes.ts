/** Every kind of mistake that a declaration can have. Codes are part of the interface: add, never rename. */
export const problemCodes = {
  syntax: 'the file is not YAML, or the program does not run',
  yaml_feature:
    'a feature of YAML that declarations do without: tags, merge keys, directives, several documents',
  too_large: 'a limit on size, depth, aliases or numbers is exceeded',
  repeated_key: 'the same key stands twice in one mapping',
  unsafe_key: 'a key that could change the prototype of objects',
  unknown_field: 'a field that does not exist there',
  missing_field: 'a field that is needed is not there',
  wrong_type: 'a value of another type is needed',
  wrong_value: 'the value is not one of those allowed',
  conflict: 'fields that exclude or need each other',
  insecure: 'a literal password, an endpoint or a setting that would be unsafe',
  unknown_connection: 'no connection has this name',
  repeated_name: 'two steps have the same name',
  same_table: 'source and sink are the same table',
  schema_invalid: 'a JSON Schema that cannot be read or used',
  unsupported: 'part of the design, but not of this version',
  cron_unix: 'a warning: a cron expression of five fields, which is read as unix cron has it',
  env_missing: 'a warning: an environment variable that is named is not set',
} as const;

export type ProblemCode = keyof typeof problemCodes;
