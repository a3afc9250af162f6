import type { Declaration } from '../../declare/declaration.js';
import { assetsStackName } from '../stack/assets.js';
import { guestStackName } from '../stack/guest.js';
import { assetsBucket, nameOf, siteOf, tagsOf } from '../stack/site.js';
import type { AssemblyStack } from './assembly.js';

/** A stack as it is found again: by its name. */
export type NamedStack = Pick<AssemblyStack, 'name' | 'account' | 'region' | 'tags' | 'bucket'>;

/** The stacks that a declaration has on AWS, in the order in which they were made. Nothing is asked for that. */
export function namedStacks(
  declaration: Declaration,
  { account, region }: { readonly account: string; readonly region: string },
): readonly NamedStack[] {
  const site = siteOf(declaration, account, region);
  const tags = Object.fromEntries(tagsOf(site).map(({ Key, Value }) => [String(Key), String(Value)]));
  const roles = Object.values(declaration.connections).flatMap(({ role }) =>
    typeof role === 'string' ? [role.split(':')[4] ?? ''] : [],
  );
  const guests = [...new Set(roles)].filter((guest) => guest !== account).toSorted();
  const bucket = assetsBucket(site);
  return [
    { name: assetsStackName(site), account, region, tags, bucket },
    { name: nameOf(site), account, region, tags, bucket },
    ...guests.map((guest) => ({ name: guestStackName(site, guest), account: guest, region, tags })),
  ];
}
