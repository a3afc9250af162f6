import type { UserHolder } from './holder.js';

/** For a user whom only a secret names. */
const UNNAMED_USER = 'sluice';

/**
 * What an administrator of the server runs: a statement for each table, one for roles, and a comment for what no statement can say. The
 * user is allowed from any host, for want of a better knowledge.
 * https://dev.mysql.com/doc/refman/8.4/en/grant.html
 */
export function grantStatements({ grants, user = UNNAMED_USER }: UserHolder): readonly string[] {
  const byPlace = new Map<string, string[]>();
  const unsaid: string[] = [];
  for (const { action, grantOn, resource } of grants) {
    if (grantOn === undefined) unsaid.push(`-- ${action} on ${resource}`);
    else byPlace.set(grantOn, [...(byPlace.get(grantOn) ?? []), action]);
  }
  const to = `${quoted(user)}@'%'`;
  return [
    ...[...byPlace].map(
      ([place, actions]) => `GRANT ${actions.join(', ')}${place === '' ? '' : ` ON ${place}`} TO ${to};`,
    ),
    ...unsaid,
  ];
}

/** Text that holds for any sql_mode: a quote is doubled, and a backslash, which is none of a name's characters, is left out. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '').replaceAll("'", "''")}'`;
}
