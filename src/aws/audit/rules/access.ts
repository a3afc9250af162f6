import {
  allows,
  conditionKeys,
  principals,
  type Statement,
  statements,
  textsOf,
} from '../policy-statements.js';
import { type Found, found, ofType, type Rule } from '../rule.js';
import type { Template } from '../template.js';
import { listOf, textOf } from '../value.js';
import { isPartOfNamed, isWide, isWithoutResource } from '../wide-resource.js';

/** Conditions that leave somebody of everybody. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html */
const narrowing =
  /^(aws:(source(arn|account|orgid|orgpaths|vpc|vpce|ip)|principal(arn|account|orgid|orgpaths)|calledvia)|kms:(calleraccount|viaservice)|sns:endpoint)$/;

function at(statement: Statement, field: string, message: string): Found {
  return found(statement.resource, [...statement.path, field], message);
}

function* each(
  template: Template,
  kinds: readonly Statement['kind'][],
  look: (statement: Statement) => Iterable<Found>,
): Generator<Found> {
  for (const statement of statements(template)) {
    if (kinds.includes(statement.kind) && allows(statement)) yield* look(statement);
  }
}

/** The account itself in the policy of a key: without it nobody could mend the key. */
function isKeyOfAccount(statement: Statement): boolean {
  const names = principals(statement, 'AWS');
  return statement.resource.type === 'AWS::KMS::Key' && names.length > 0 && names.every(isAccount);
}

function isAccount(principal: string): boolean {
  return /:root$/.test(principal) || /^\d{12}$/.test(principal) || principal === '${AWS::AccountId}';
}

export const principalAnyone: Rule = {
  id: 'principal-anyone',
  level: 'error',
  why: 'A policy that names everybody lets every account in the world do what it allows.',
  page: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-anonymous',
  mend: 'Name the one role that needs it: `Principal: { AWS: !GetAtt Role.Arn }`, or keep everybody out by a condition.',
  *check(template) {
    yield* each(template, ['resource', 'trust'], function* (statement) {
      const isAnyone = [...principals(statement, 'AWS'), ...principals(statement, 'Service')].includes('*');
      if (!isAnyone || conditionKeys(statement).some((key) => narrowing.test(key))) return;
      yield at(statement, 'Principal', 'lets everybody in');
    });
    for (const permission of ofType(template, 'AWS::Lambda::Permission')) {
      if (permission.properties['Principal'] !== '*' || permission.properties['PrincipalOrgID']) continue;
      yield found(permission, ['Principal'], 'lets everybody invoke the function');
    }
  },
};

export const principalAccount: Rule = {
  id: 'principal-account',
  level: 'warning',
  why: 'A whole account as principal lets every role and user of it in that its own policies allow to ask.',
  page: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-accounts',
  mend: 'Name the one role of that account by its ARN.',
  *check(template) {
    yield* each(template, ['resource', 'trust'], function* (statement) {
      if (isKeyOfAccount(statement) || !principals(statement, 'AWS').some(isAccount)) return;
      const keys = conditionKeys(statement);
      if (keys.includes('aws:principalarn')) return;
      yield at(statement, 'Principal', 'lets a whole account in');
    });
  },
};

export const actionWildcard: Rule = {
  id: 'action-wildcard',
  level: 'error',
  why: 'An action with a wildcard allows what nobody has asked for, and what AWS will add later.',
  page: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege',
  mend: 'List the actions: `sluice plan FILE --permissions --format policy` prints those of a pipeline.',
  *check(template) {
    yield* each(template, ['identity', 'resource', 'trust'], function* (statement) {
      if (isKeyOfAccount(statement)) return;
      const wide = textsOf(statement, 'Action').find((action) => /[*?]/.test(action));
      if (wide !== undefined) yield at(statement, 'Action', `allows ${wide}`);
    });
  },
};

export const resourceWildcard: Rule = {
  id: 'resource-wildcard',
  level: 'error',
  why: 'A role that may do something to every resource may do it to those of others.',
  page: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html',
  mend: 'Name the resources by their ARNs. What AWS grants for all or none is no finding.',
  *check(template) {
    yield* each(template, ['identity'], function* (statement) {
      const actions = textsOf(statement, 'Action');
      if (actions.length > 0 && actions.every(isWithoutResource)) return;
      const wide = textsOf(statement, 'Resource').find(isWide);
      if (wide !== undefined) yield at(statement, 'Resource', `allows it on ${wide}`);
    });
  },
};

export const resourcePartlyWild: Rule = {
  id: 'resource-prefix',
  level: 'warning',
  why: 'A name that ends in a wildcard is also the name of what others will make, now or later.',
  page: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html#reference_policies_elements_resource_wildcards',
  mend: 'Name the resource. Objects of a bucket, log streams and the indexes of a table are no finding.',
  *check(template) {
    yield* each(template, ['identity'], function* (statement) {
      const wide = textsOf(statement, 'Resource').find((each) => /[*?]/.test(each) && !isWide(each));
      if (wide === undefined || isPartOfNamed(wide)) return;
      yield at(statement, 'Resource', `allows it on all that begins as ${wide}`);
    });
  },
};

export const allButNamed: Rule = {
  id: 'all-but',
  level: 'error',
  why: '`NotAction`, `NotResource` and `NotPrincipal` with Allow allow everything else, what AWS adds later too.',
  page: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html',
  mend: 'Say what is allowed.',
  *check(template) {
    yield* each(template, ['identity', 'resource', 'trust'], function* (statement) {
      const field = ['NotAction', 'NotResource', 'NotPrincipal'].find((name) => name in statement.fields);
      if (field !== undefined) yield at(statement, field, `allows all but what ${field} names`);
    });
  },
};

export const managedPolicyWide: Rule = {
  id: 'managed-policy-wide',
  level: 'error',
  why: 'Policies of AWS for administrators and whole services allow far more than one function does.',
  page: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html',
  mend: 'Write the few actions into a policy of the role.',
  *check(template) {
    for (const role of ofType(template, 'AWS::IAM::Role', 'AWS::IAM::User', 'AWS::IAM::Group')) {
      for (const [index, policy] of listOf(role.properties['ManagedPolicyArns']).entries()) {
        const [, name] =
          /policy\/(?:\S*\/)?([^/]*(?:FullAccess|AdministratorAccess|PowerUserAccess))$/.exec(
            textOf(policy) ?? '',
          ) ?? [];
        if (name !== undefined) yield found(role, ['ManagedPolicyArns', index], `has ${name}`);
      }
    }
  },
};

const sourceKeys = ['aws:sourcearn', 'aws:sourceaccount', 'aws:sourceorgid', 'aws:sourceorgpaths'];
/** Those that assume roles for whoever names the role to them, and say for whom. */
const deputies =
  /^(scheduler|states|firehose|events|pipes|export\.rds|dms|glue|s3|sns|logs|delivery\.logs)\./;

export const serviceWithoutSource: Rule = {
  id: 'service-without-source',
  level: 'error',
  why: 'A service acts for every account: without aws:SourceArn or aws:SourceAccount somebody else can have it act on yours.',
  page: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html',
  mend: 'Add `Condition: { ArnLike: { aws:SourceArn: … } }` or `StringEquals: { aws:SourceAccount: !Ref AWS::AccountId }`.',
  *check(template) {
    yield* each(template, ['resource', 'trust'], function* (statement) {
      const services = principals(statement, 'Service').filter((name) => name !== '*');
      const acting = services.find((name) => statement.kind === 'resource' || deputies.test(name));
      if (acting === undefined || conditionKeys(statement).some((key) => sourceKeys.includes(key))) return;
      yield at(statement, 'Principal', `lets ${acting} act for any account`);
    });
    for (const permission of ofType(template, 'AWS::Lambda::Permission')) {
      const { Principal, SourceArn, SourceAccount, PrincipalOrgID } = permission.properties;
      const service = textOf(Principal) ?? '';
      if (!service.endsWith('.amazonaws.com') || PrincipalOrgID !== undefined) continue;
      // The ARN of a bucket does not say whose it is.
      const isSaid = service.startsWith('s3.') ? SourceAccount : (SourceArn ?? SourceAccount);
      if (isSaid !== undefined) continue;
      const wanted = service.startsWith('s3.') ? 'SourceAccount' : 'SourceArn';
      yield found(
        permission,
        ['Principal'],
        `lets ${service} invoke the function for any account (no ${wanted})`,
      );
    }
  },
};
