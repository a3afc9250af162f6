import { SluiceError } from '../../errors.js';

/** `dynamodb://TABLE?bucket=NAME&region=REGION`: a table, and a bucket for what is large or holds rows. */
export interface StatePlace {
  readonly table: string;
  readonly bucket: string;
  /** Default: `AWS_REGION`. */
  readonly region?: string;
  /** Of DynamoDB and of S3, for emulators and private endpoints. Default: the SDK's own variables, else AWS. */
  readonly endpoint?: string;
  readonly s3Endpoint?: string;
  /** ARN of a role that is assumed for both. */
  readonly role?: string;
}

const SCHEME = 'dynamodb://';
const fields = ['bucket', 'region', 'endpoint', 's3Endpoint', 'role'] as const;

/** Whether a `--state` is meant to be one of these. */
export function isStateAddress(text: string): boolean {
  return text.startsWith(SCHEME);
}

/** Throws `usage` for what is none. */
export function parseStateAddress(text: string): StatePlace {
  const [table = '', query = ''] = text.slice(SCHEME.length).split(/\?(.*)/s);
  const given = new URLSearchParams(query);
  const unknown = [...given.keys()].find((name) => !fields.some((field) => field === name));
  if (unknown !== undefined) throw unusable(`${unknown} is none of ${fields.join(', ')}`);
  // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
  if (!/^[A-Za-z0-9_.-]{3,255}$/.test(table))
    throw unusable(`${JSON.stringify(table)} is not a table's name`);
  const bucket = given.get('bucket') ?? '';
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) throw unusable('it names no bucket');
  const others = fields.flatMap((field) => {
    const value = given.get(field);
    return value === null || field === 'bucket' ? [] : [[field, value] as const];
  });
  return { table, bucket, ...Object.fromEntries(others) };
}

/** What `--state` must say. */
export function stateAddress(place: StatePlace): string {
  const given = fields.flatMap((field): [string, string][] => {
    const value = place[field];
    return value === undefined ? [] : [[field, value]];
  });
  return `${SCHEME}${place.table}?${new URLSearchParams(given)}`;
}

function unusable(why: string): SluiceError {
  return new SluiceError('usage', `this is no place for a state: ${why}`, {
    hint: '--state dynamodb://TABLE?bucket=NAME&region=eu-west-1 (in quotes: shells read ? and &)',
  });
}
