/** Every error code, with what it means. Codes are part of the interface: add, never rename. */
export const errorCodes = {
  // The declaration, before any connection is opened
  declaration_invalid: 'the declaration has mistakes; each is listed with its place',
  file_unreadable: 'a file named on the command line or in the declaration cannot be read',
  env_missing: 'an environment variable that the declaration names is not set',
  usage: 'the command line is wrong',
  state_machine_invalid: 'a file that is to be imported is not a state machine that can be read',
  key_unfit: 'the key that was asked for does not fit the key of the rows',
  row_missing: 'no row with this key is in the source, in the sink or among the rejects',
  // Connections
  unreachable: 'the server did not answer within the patience of the run',
  access_denied: 'the server refused the user, password, role or action',
  mask_key_short: 'the mask key has too few characters',
  secret_invalid: 'the secret does not hold what a connection needs',
  package_missing: 'a package that this needs, and that is not always installed, is not here',
  tls_required: 'the server is not on this machine and offers no TLS',
  credentials_missing: 'no AWS credentials were found',
  // What the plan refuses
  plan_refused: 'the plan refused the pipeline; each reason is listed',
  table_missing: 'the table does not exist',
  queue_missing: 'the queue does not exist',
  bucket_missing: 'the bucket does not exist',
  file_torn: 'a file cannot be read: it was cut short, or is not of its format',
  file_missing: 'a file or a folder is not there',
  database_missing: 'the database instance or cluster does not exist',
  kms_key_refused: 'the KMS key cannot be used for exports',
  role_refused: 'the role cannot be used for exports',
  column_missing: 'a column that the declaration names does not exist',
  key_missing:
    'a key is needed and there is none: in the sink, in the data, or no item has the key that a list names',
  key_not_unique: 'two source rows could meet in one sink key',
  key_type: 'a column cannot be a key in the sink without changing its value',
  type_refused: 'a column cannot be carried exactly into the sink',
  sql_invalid: 'the server refused a where or a query of the declaration',
  not_deployable: 'the declaration says what works on one machine only; each is listed',
  firing_missing: 'a placeholder asks for an interval that this run does not cover',
  since_refused: 'an incremental copy could miss rows',
  same_table: 'source and sink are the same table',
  sink_triggers: 'triggers of the sink table would change what is written',
  sink_foreign_keys: 'foreign keys of the sink table do not allow this mode',
  unsupported: 'what is asked for is not possible with this server or in this mode',
  assembly_invalid: 'a folder is no cloud assembly that can be deployed',
  account_wrong: 'the credentials are of another account than the stack is for',
  stack_missing: 'the pipeline is not deployed in this account and region',
  stack_foreign: 'a stack of this name exists, and Sluice did not put it there',
  stack_refused: 'CloudFormation refused the template or the change',
  // While running
  stack_failed: 'CloudFormation could not create, update or delete a stack',
  rejects_exceeded: 'more rows were refused than rejects.limit allows',
  deletes_exceeded: 'mirror would delete more rows than deletes.limit allows',
  throttled: 'the service asks for less speed',
  timeout: 'no answer in time',
  connection_lost: 'the connection broke',
  deadlock: 'the server undid the transaction because of a deadlock or a lock wait',
  server_error: 'the server failed',
  response_invalid: 'an answer of the server was torn or is not what its interface promises',
  file_changed: 'a file was changed while it was read, or since its export was published',
  manifest_invalid: 'the manifest of an export cannot be read by this version',
  folder_taken: 'the folder holds the exports of another step',
  disk_full: 'there is no room left on the disk',
  changes_lost: 'the source no longer keeps changes that were not read yet: copy the table anew',
  changes_taken: 'another function has written some of the same changes meanwhile: they are looked for again',
  snapshot_failed: 'the service could not take the snapshot',
  export_failed: 'the service could not export the snapshot, or somebody canceled the export',
  export_incomplete: 'an export says that it is complete, and lacks something',
  quota_exceeded: 'a quota of the account is used up',
  name_taken: 'snapshots or exports of others have all the names that this run may use',
  counts_differ: 'read is not written + unchanged + rejected: rows were lost or doubled',
  run_changed: 'the declaration is not the one that the interrupted run was begun with',
  not_resumable: 'the interrupted run cannot be gone on with',
  run_locked: 'another run of this pipeline holds the lease',
  state_unusable: 'the state directory cannot be used safely',
  interrupted: 'the run was interrupted',
  call_failed: 'what a call step called failed or refused',
  different: 'a verify step found that source and sink differ',
  bug: 'a bug in Sluice',
  steps_failed: 'more than one step failed',
  // The demo and the tests
  server_missing: 'a database server that the demo or the tests need is not here and cannot be installed',
  // Reasons of rejects
  value_range: 'a number, date or time lies outside what the sink column holds',
  value_inexact: 'the value would be rounded or cut',
  value_type: 'the value is not of a type that the sink column takes',
  value_too_long: 'the value is longer than the sink column holds',
  value_null: 'the value is absent or NULL where the sink column needs one',
  value_folds: 'the sink column would store the value in another spelling',
  mask_unfit: 'the mask cannot be made of the value, or of any value of the column',
  key_empty: 'a key value is empty or absent',
  key_invalid: 'a place of a key list holds no key of the table',
  key_too_long: 'a key value is longer than the sink allows',
  key_folds: 'the key equals that of another row only by collation',
  unique_clash: 'another row holds the same value in a UNIQUE index',
  foreign_key: 'the row refers to a row that is not there',
  check_violated: 'a CHECK constraint refuses the row',
  item_too_large: 'the item is larger than the sink allows',
  attribute_unknown: 'an attribute has no column in the sink, or is not in the schema of the step',
  parse_failed:
    'an attribute that should hold JSON text holds something else, or what cannot be carried exactly',
  check_failed: 'the item is not as the schema of its check says',
  row_function: 'the row function threw',
  row_shape: 'the row function returned something other than a flat row of cells',
  write_refused: 'the sink refused the row',
  message_unfit: 'a message of the queue holds no row that this version can read',
  message_stray: 'a message of the queue was sent by another step or pipeline',
  received_too_often: 'the queue itself set the message aside: it was received too often and never removed',
  retries_exhausted: 'the sink did not take the row within the patience of the run',
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** The codes of failures after which a step can be started again: those that `retry.on` may name. */
export const retryCodes = [
  'throttled',
  'timeout',
  'connection_lost',
  'unreachable',
  'deadlock',
  'server_error',
  'response_invalid',
  'call_failed',
  'access_denied',
  'credentials_missing',
  'secret_invalid',
  'table_missing',
  'deletes_exceeded',
  'snapshot_failed',
  'export_failed',
  'export_incomplete',
  'quota_exceeded',
] as const satisfies readonly ErrorCode[];

/** Whether the same call may succeed: never; later, after a wait; slower, at less speed. */
export type Retry = 'never' | 'later' | 'slower';

/** One mistake of many that an error lists: where it stands, what it is, what to do. */
export interface Problem {
  readonly file: string;
  /** From 1; absent where the place in the file is not known. */
  readonly line?: number;
  readonly column?: number;
  /** The path in the document: `steps[0].to.mode`; '' for the whole document. */
  readonly path: string;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

export interface ErrorDetails {
  /** What the reader can do about it. */
  readonly hint?: string;
  /** Where: `file:line`, a path in the declaration, a connection or a table. */
  readonly path?: string;
  readonly retry?: Retry;
  readonly cause?: unknown;
  /** All mistakes at once, in the order of their lines (`declaration_invalid`). */
  readonly problems?: readonly Problem[];
}

/** The one error of Sluice. Messages never hold a secret or a row's value (invariant 8). */
export class SluiceError extends Error {
  override readonly name = 'SluiceError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly path: string | undefined;
  readonly retry: Retry;
  readonly problems: readonly Problem[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.path = details.path;
    this.retry = details.retry ?? 'never';
    this.problems = details.problems ?? [];
  }
}
