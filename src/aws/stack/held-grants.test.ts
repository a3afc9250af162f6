import { expect, test } from 'vitest';
import type { StepNeed } from '../../flow/needs.js';
import { heldGrants } from './held-grants.js';
import type { Site } from './site.js';

const site = { account: '111122223333', region: 'eu-west-1' } as Site;
const cluster = 'arn:aws:iam::111122223333:role/aurora-reads';
const guest = 'arn:aws:iam::444455556666:role/loads';

function need(action: string, more: Partial<StepNeed> = {}, by?: string): StepNeed {
  const permission = { action, resource: 'arn:aws:s3:::loads/*', reason: 'why', ...(by ? { by } : {}) };
  return { step: 's', connection: 'report', permission, ...more };
}

test.each([
  ['a role of its own', {}],
  ['a role of another account', { role: guest }],
] as const)(
  'a function with %s is not given what a service needs for itself, and that role is not made',
  (_, more) => {
    const needs = [need('s3:PutObject', more), need('s3:GetObject', more, cluster)];
    const { own, guests } = heldGrants(site, 'arn:aws:iam::111122223333:role/f', needs);
    const held = [...own, ...guests.flatMap(({ grants }) => grants)];
    expect(held.map(({ action }) => action)).toEqual(['s3:PutObject']);
    expect(guests.map(({ arn }) => arn)).toEqual('role' in more ? [guest] : []);
  },
);
