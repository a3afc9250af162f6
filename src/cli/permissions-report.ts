import pc from 'picocolors';
import { grantStatements } from '../aws/policy/grant-statements.js';
import { type Grant, type Holder, holdersOf } from '../aws/policy/holder.js';
import { policyDocument, wildcards } from '../aws/policy/policy-document.js';
import { needsFor, type Purpose, type StepNeed } from '../flow/needs.js';
import { table } from './text.js';

export type PermissionsFormat = 'text' | 'policy' | 'grants';

/** What `sluice plan --permissions` prints. */
export function permissionsText(
  needs: readonly StepNeed[],
  purposes: ReadonlySet<Purpose>,
  format: PermissionsFormat,
  color: boolean,
): string {
  const holders = holdersOf(needsFor(needs, purposes));
  if (format === 'policy') return JSON.stringify(policiesOf(holders), undefined, 2);
  if (format === 'grants') return holders.flatMap(grantLines).join('\n');
  return holders.map((holder) => holderText(holder, color)).join('\n\n');
}

/** The same for programs: each grant with its reasons, each policy, each user's statements. */
export function permissionsEvents(
  needs: readonly StepNeed[],
  purposes: ReadonlySet<Purpose>,
): readonly object[] {
  const holders = holdersOf(needsFor(needs, purposes));
  return holders.flatMap((holder): object[] => {
    const { grants, ...who } = holder;
    const listed = grants.map(({ grantOn: _grantOn, ...grant }) => ({
      event: 'permission',
      holder: nameOf(holder),
      ...grant,
    }));
    if (holder.kind === 'machine') return listed;
    if (holder.kind === 'user') {
      return [...listed, { event: 'grants', holder: who, statements: grantStatements(holder) }];
    }
    return [...listed, { event: 'policy', holder: who, policy: policyDocument(holder) }];
  });
}

/** One document for the caller and for each role; statements for each user. */
function policiesOf(holders: readonly Holder[]): object {
  const policies = holders.flatMap((holder) => {
    if (holder.kind === 'user' || holder.kind === 'machine') return [];
    const account = 'account' in holder ? { account: holder.account } : {};
    const wide = wildcards(holder.grants);
    return [
      {
        holder: nameOf(holder),
        ...account,
        connections: holder.connections,
        policy: policyDocument(holder),
        ...(Object.keys(wide).length === 0 ? {} : { wildcards: wide }),
      },
    ];
  });
  const users = holders.flatMap((holder) =>
    holder.kind === 'user' ? [{ holder: nameOf(holder), statements: grantStatements(holder) }] : [],
  );
  return { policies, ...(users.length === 0 ? {} : { grants: users }) };
}

function nameOf(holder: Holder): string {
  switch (holder.kind) {
    case 'role':
    case 'service':
      return holder.arn;
    case 'caller':
      return 'caller';
    case 'user':
      return `user of ${holder.connection}`;
    case 'machine':
      return 'this machine';
  }
}

function grantLines(holder: Holder): readonly string[] {
  if (holder.kind !== 'user') return [];
  return [`-- ${titleOf(holder)}`, ...grantStatements(holder)];
}

function titleOf(holder: Holder): string {
  const { connections } = holder;
  const where = `${connections.length === 1 ? 'connection' : 'connections'} ${connections.join(', ')}`;
  switch (holder.kind) {
    case 'role':
      return `role ${holder.arn} · ${connections.length === 0 ? 'calls' : where}`;
    case 'service':
      return `role ${holder.arn} of the service itself · ${where}`;
    case 'caller':
      return `the credentials that sluice runs with${connections.length === 0 ? '' : ` · ${where}`}`;
    case 'machine':
      return `this machine · ${where}`;
    case 'user': {
      const user = holder.user === undefined ? 'the user that the secret names' : `user ${holder.user}`;
      return `MySQL: ${user} · ${where}`;
    }
  }
}

function holderText(holder: Holder, color: boolean): string {
  const colors = pc.createColors(color);
  const rows = holder.grants.map(({ action, resource, reasons, only }) => [
    action,
    resource,
    `${reasons.join('; ')}${only === undefined ? '' : ` (only sluice ${only})`}`,
  ]);
  return [
    `permissions of ${colors.bold(titleOf(holder))}`,
    ...table(['action', 'on', 'why'], rows).map((line) => `  ${line}`),
    ...wildcardLines(holder.grants),
  ].join('\n');
}

function wildcardLines(grants: readonly Grant[]): readonly string[] {
  return Object.entries(wildcards(grants)).map(([resource, why]) => `  wide: ${resource}: ${why}`);
}
