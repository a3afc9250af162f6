import pc from 'picocolors';
import type { Person } from '../aws/people/person.js';
import { byActions, personPolicies } from '../aws/people/person-policies.js';
import type { Grant } from '../aws/policy/holder.js';
import { wildcards } from '../aws/policy/policy-document.js';
import type { Io } from './io.js';

export interface PeopleOptions {
  readonly json?: boolean | undefined;
  readonly format?: 'text' | 'policy' | undefined;
}

/** What `sluice synth --permissions` prints: for people, as policies, or as events for programs. */
export function sayPeople(people: readonly Person[], io: Io, { json, format }: PeopleOptions): void {
  if (json) for (const event of people.flatMap(eventsOf)) io.out(JSON.stringify(event));
  else if (format === 'policy') io.out(JSON.stringify({ policies: people.map(policiesOf) }, undefined, 2));
  else io.out(people.map((person) => textOf(person, io.color)).join('\n\n'));
}

function eventsOf(person: Person): readonly object[] {
  const holder = `${person.kind} of ${person.account}`;
  const listed = person.grants.map(({ action, resource, reasons, wildcard, passedTo }) => ({
    event: 'permission',
    holder,
    action,
    resource,
    reasons,
    ...(passedTo === undefined ? {} : { passedTo }),
    ...(wildcard === undefined ? {} : { wildcard }),
  }));
  return [...listed, { event: 'policy', ...policiesOf(person) }];
}

function policiesOf(person: Person): object {
  const { kind, account, grants } = person;
  return { holder: kind, account, policies: personPolicies(person), wildcards: wildcards(grants) };
}

const titles: Readonly<Record<Person['kind'], string>> = {
  deployer: 'whoever deploys to',
  operator: 'whoever runs it in',
};

/** A paragraph for each reason: there are many resources of a kind. */
function textOf({ kind, account, grants }: Person, color: boolean): string {
  const colors = pc.createColors(color);
  const reasons = [...new Set(grants.map(reasonOf))].sort();
  const paragraphs = reasons.flatMap((reason) => {
    const own = grants.filter((each) => reasonOf(each) === reason);
    return [`  ${reason}`, ...actionLines(own).map((line) => `    ${line}`)];
  });
  const wide = Object.entries(wildcards(grants)).map(([resource, why]) => `  wide: ${resource}: ${why}`);
  return [`permissions of ${colors.bold(`${titles[kind]} ${account}`)}`, ...paragraphs, ...wide].join('\n');
}

function reasonOf({ reasons }: Grant): string {
  return reasons.join('; ');
}

/** `ACTION, ACTION` and below it each resource that they are allowed on. */
function actionLines(grants: readonly Grant[]): readonly string[] {
  return byActions(grants).flatMap(({ actions, resources, passedTo }) => [
    `${actions.join(', ')}${passedTo === undefined ? '' : ` to ${passedTo}`}`,
    ...resources.map((resource) => `  ${resource}`),
  ]);
}
