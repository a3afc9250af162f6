import type { StepNeed } from '../../flow/needs.js';
import { type Grant, holdersOf } from '../policy/holder.js';
import type { GuestRole } from './guest.js';
import type { Site } from './site.js';

/** What a function's own role is allowed, and the roles that it works as. */
export interface HeldGrants {
  readonly own: readonly Grant[];
  readonly guests: readonly GuestRole[];
}

/** `user` is the ARN of the function's role. Users of MySQL are allowed by GRANT, not by IAM. */
export function heldGrants(site: Site, user: string, needs: readonly StepNeed[]): HeldGrants {
  const holders = holdersOf(needs);
  const own = holders.flatMap((holder) =>
    holder.kind === 'caller' ? placed(holder.grants, site, site.account) : [],
  );
  const guests = holders.flatMap((holder): GuestRole[] =>
    holder.kind === 'role'
      ? [{ arn: holder.arn, grants: placed(holder.grants, site, holder.account), users: [user] }]
      : [],
  );
  return { own, guests };
}

/** A descriptor may not know account and region of what it names; a stack does. */
function placed(grants: readonly Grant[], { region }: Site, account: string): readonly Grant[] {
  return grants.map((grant) => {
    const [start, partition, service, where, who, ...rest] = grant.resource.split(':');
    if (start !== 'arn' || service === 's3') return grant;
    const resource = [
      start,
      partition,
      service,
      where === '*' ? region : where,
      who === '*' ? account : who,
      ...rest,
    ].join(':');
    const { wildcard, ...certain } = grant;
    return resource === grant.resource || /[*?]/.test(resource)
      ? { ...grant, resource }
      : { ...certain, resource };
  });
}
