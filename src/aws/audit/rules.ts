import type { Rule } from './rule.js';
import * as access from './rules/access.js';
import * as functions from './rules/functions.js';
import * as queues from './rules/queues.js';
import * as secrets from './rules/secrets.js';
import * as stores from './rules/stores.js';
import * as streams from './rules/streams.js';

/** All rules, by what they are about. */
export const ruleGroups: readonly { readonly title: string; readonly rules: readonly Rule[] }[] = [
  { title: 'Who may do what', rules: Object.values(access) },
  { title: 'Secrets', rules: Object.values(secrets) },
  { title: 'Queues', rules: Object.values(queues) },
  { title: 'Streams', rules: Object.values(streams) },
  { title: 'Functions and schedules', rules: Object.values(functions) },
  { title: 'Buckets, deliveries, tables and databases', rules: Object.values(stores) },
];

export const rules: readonly Rule[] = ruleGroups.flatMap((group) => group.rules);
