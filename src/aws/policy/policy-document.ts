import type { Grant, Holder } from './holder.js';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html */
export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

export interface PolicyStatement {
  /** Letters and digits, unique in the document. */
  readonly Sid: string;
  readonly Effect: 'Allow';
  /** Sorted. */
  readonly Action: readonly string[];
  readonly Resource: string;
}

/** The identity policy of a role or caller: a statement for each resource, sorted by it. */
export function policyDocument({ grants }: Pick<Holder, 'grants'>): PolicyDocument {
  const byResource = new Map<string, string[]>();
  for (const { action, resource } of grants) {
    byResource.set(resource, [...(byResource.get(resource) ?? []), action]);
  }
  const taken = new Set<string>();
  const statements = [...byResource].map(([resource, actions]): PolicyStatement => {
    const Sid = freeSid(sidOf(resource, actions[0] ?? ''), taken);
    return { Sid, Effect: 'Allow', Action: actions, Resource: resource };
  });
  return { Version: '2012-10-17', Statement: statements };
}

/** `arn:aws:dynamodb:eu-west-1:111122223333:table/orders` is `DynamodbTableOrders`. */
function sidOf(resource: string, action: string): string {
  const service = action.split(':')[0] ?? '';
  const place = resource === '*' ? 'all' : resource.split(':').slice(5).join('-');
  const words = `${service}-${place}`.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function freeSid(wanted: string, taken: Set<string>): string {
  let sid = wanted;
  for (let number = 2; taken.has(sid); number++) sid = `${wanted}${number}`;
  taken.add(sid);
  return sid;
}

/** What is wider than one thing, and why: IAM has no place for it in a document. */
export function wildcards(grants: readonly Grant[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    grants.flatMap(({ resource, wildcard }) => (wildcard === undefined ? [] : [[resource, wildcard]])),
  );
}
