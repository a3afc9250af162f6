import { callFailure } from '../aws-failures.js';
import { failures } from './failures.js';

/** Errors after which a call is made again: the database or the snapshot is in a state that passes, or there are too many at once. */
const passing = new Set([
  'invaliddbinstancestate',
  'invaliddbclusterstate',
  'exporttasklimitreached',
  'invalidexportsourcestate',
]);

/**
 * What a call means that Step Functions has made and RDS has refused. It has names of its own: `Rds.DbSnapshotAlreadyExistsException`
 * is RDS's DBSnapshotAlreadyExists. Throws an error of ours where waiting does not help.
 */
export function refusedCall({
  name,
  message,
}: {
  readonly name: string;
  readonly message: string;
}): 'taken' | { readonly busy: string } {
  const plain = plainOf(name);
  if (plain.endsWith('alreadyexists')) return 'taken';
  if (passing.has(plain)) return { busy: `RDS: ${name}` };
  const known = Object.keys(failures).find((each) => plainOf(each) === plain);
  const error = Object.assign(new Error(message), {
    name: known ?? name,
    $metadata: { httpStatusCode: 500 },
  });
  const failure = callFailure({ service: 'RDS', action: 'by Step Functions', failures }, error);
  if (failure.retry === 'slower') return { busy: `RDS: ${name}` };
  throw failure;
}

function plainOf(name: string): string {
  return name
    .replace(/^Rds\./, '')
    .replace(/(Fault|Exception)$/, '')
    .toLowerCase();
}
