import type { Grant } from '../policy/holder.js';
import { roleResources } from '../template/role.js';
import { given, type Resources, type Template, templateOf } from '../template/template.js';
import { nameOf, type Site } from './site.js';

/** A role of another account that connections work as. */
export interface GuestRole {
  readonly arn: string;
  readonly grants: readonly Grant[];
  /** ARNs of the roles of this pipeline that assume it. */
  readonly users: readonly string[];
}

/** `sluice-PIPELINE-ACCOUNT`. */
export function guestStackName(site: Pick<Site, 'pipeline'>, account: string): string {
  return nameOf(site, account);
}

/**
 * The stack of another account: its roles, each with exactly what the connections do there. Only the pipeline's own roles may
 * assume them; they are named by a condition, since a principal that is not there yet is refused, and either stack may come first.
 */
export function guestTemplate(site: Site, account: string, roles: readonly GuestRole[]): Template {
  const resources = roles.map((role, index) => guestRole(site, `Role${index + 1}`, role));
  return templateOf(`Sluice: what ${site.pipeline} (${site.account}) may do in ${account}`, resources);
}

function guestRole(site: Site, logical: string, { arn, grants, users }: GuestRole): Resources {
  const [, path = '/', name = ''] = /:role(\/(?:.*\/)?)([^/]+)$/.exec(arn) ?? [];
  const { [logical]: role, ...policies } = roleResources(logical, {
    name,
    description: `what ${site.pipeline} of ${site.account} does here`,
    trust: {
      Principal: { AWS: `arn:${site.partition}:iam::${site.account}:root` },
      Condition: { ArnEquals: { 'aws:PrincipalArn': users } },
    },
    grants,
  });
  if (!role) throw new Error('a role without itself');
  const { RoleName, ...properties } = role.Properties;
  const Properties = given({ RoleName, Path: path === '/' ? undefined : path, ...properties });
  return { [logical]: { ...role, Properties }, ...policies };
}
