import { expect, test } from 'vitest';
import { problemsOf } from '../../test/fixtures/declarations.js';

const key = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const role = 'arn:aws:iam::111122223333:role/export';

function declared({
  prod = '{ kind: rds, instance: shop, region: eu-west-1 }',
  lake = '{ kind: s3, bucket: lake, prefix: exports/, region: eu-west-1 }',
  name = 'mysnapshot',
  from = '{ connection: prod, tables: [shop.orders, crm] }',
  to = `{ connection: lake, kmsKey: "${key}", role: "${role}" }`,
  more = '',
} = {}): string {
  return `pipeline: nightly
connections:
  prod: ${prod}
  lake: ${lake}
  shop: { kind: mysql, secret: prod/shop, region: eu-west-1 }
steps:
  - export: ${name}
    from: ${from}
    to: ${to}
${more}`;
}

const second = `  - export: another
    from: { connection: prod }
    to: { connection: lake, kmsKey: "${key}", role: "${role}" }
`;

const mistakes: readonly [name: string, text: string, problems: readonly string[]][] = [
  ['an export', declared(), []],
  [
    'an export with all it may have',
    declared({
      prod: '{ kind: rds, cluster: shop, region: eu-west-1, role: "arn:aws:iam::111122223333:role/a" }',
      more: `    keep: { exports: 3, snapshots: 2 }
    poll: { seconds: 30 }
    deadline: 12h
    layout: newest-only
    count: { connection: shop }
    patience: 5m
    when: firing.hour < 6
    retry: { attempts: 2, on: [export_failed] }
    onFailure: { call: tell, run: [./tell.sh] }
`,
    }),
    [],
  ],
  [
    'a cluster without a snapshot',
    declared({ prod: '{ kind: rds, cluster: shop }', more: '    direct: true\n' }),
    [],
  ],
  [
    'an instance without a snapshot',
    declared({ more: '    direct: true\n    keep: { snapshots: 1 }\n' }),
    [
      '10:13 steps[0].direct only an Aurora cluster is exported without a snapshot (conflict) → leave `direct` out',
      '11:24 steps[0].keep.snapshots without a snapshot there is none to keep (conflict) → leave `snapshots` out',
    ],
  ],
  [
    'neither an instance nor a cluster',
    declared({ prod: '{ kind: rds }' }),
    [
      '3:9 connections.prod which database is missing: `instance` or `cluster` (missing_field) → instance: the identifier of the DB instance',
    ],
  ],
  [
    'both, and a doubled hyphen',
    declared({ prod: '{ kind: rds, instance: a--b, cluster: c }' }),
    [
      '3:32 connections.prod.instance "a--b" is not an RDS identifier (wrong_value) → up to 63 letters, digits and single hyphens, a letter first',
      '3:47 connections.prod.cluster `instance` and `cluster` exclude each other (conflict) → an instance of an Aurora cluster is exported with its cluster: leave `instance` out',
    ],
  ],
  ...['My', 'a--b', 'a-', '7a', 'a_b', `a${'b'.repeat(40)}`].map((name): [string, string, string[]] => [
    `the name ${name}`,
    declared({ name }),
    [
      `7:13 steps[0].export "${name}" is not a name that RDS takes (wrong_value) → up to 40 lower-case letters, digits and single hyphens, a letter first`,
    ],
  ]),
  [
    'a table that RDS does not export by name',
    declared({ from: '{ connection: prod, tables: ["shop.or-ders"] }' }),
    [
      '8:40 steps[0].from.tables[0] "shop.or-ders" is not what RDS exports by name (wrong_value) → a database (shop) or a table of one (shop.orders), of letters, digits, _ and $; leave `tables` out to export all',
    ],
  ],
  [
    'ends of other kinds',
    declared({
      from: '{ connection: lake }',
      to: `{ connection: shop, kmsKey: "${key}", role: "${role}" }`,
      more: '    count: { connection: prod }\n',
    }),
    [
      "8:25 steps[0].from.connection an export's `from` is a connection of kind rds, and this is S3 (wrong_value) → { kind: rds, instance: shop-prod, region: eu-west-1 }",
      "9:23 steps[0].to.connection an export's `to` is a connection of kind s3, and this is MySQL (wrong_value) → { kind: s3, bucket: lake, prefix: exports/ }",
      "10:26 steps[0].count.connection an export's `count` is a connection of kind mysql, and this is RDS (wrong_value) → { kind: mysql, secret: prod/shop }",
    ],
  ],
  [
    'a key and a bucket of other regions',
    declared({
      lake: '{ kind: s3, bucket: lake, region: eu-west-2 }',
      to: `{ connection: lake, kmsKey: "${key.replace('eu-west-1', 'us-east-1')}", role: "${role}" }`,
    }),
    [
      '9:23 steps[0].to.connection the bucket lies in another region than the database (eu-west-1) (conflict) → snapshot, bucket and key lie in one region',
      '9:37 steps[0].to.kmsKey the key lies in another region than the database (eu-west-1) (conflict) → snapshot, bucket and key lie in one region',
    ],
  ],
  [
    'two exports to one place',
    declared({ more: second }),
    [
      '12:23 steps[1].to.connection the step mysnapshot exports to this place already: a reader finds one export there (conflict) → a prefix of its own for each: prefix: exports/orders/',
    ],
  ],
  [
    'nothing to keep, no ARNs, no ends of a copy',
    declared({
      to: '{ connection: lake, kmsKey: alias/x, role: export }',
      more: `    keep: { exports: 0 }
  - copy: rows
    from: { connection: prod, table: orders }
    to: { connection: shop }
`,
    }),
    [
      '9:37 steps[0].to.kmsKey "alias/x" is not the ARN of a KMS key (wrong_value) → one looks like arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      '9:52 steps[0].to.role "export" is not the ARN of a role (wrong_value) → one looks like arn:aws:iam::111122223333:role/sluice',
      '10:22 steps[0].keep.exports must be at least 1 (wrong_value)',
      '12:25 steps[1].from.connection `from` names an RDS instance or cluster, whose snapshots are exported; rows are copied by kind mysql (conflict) → a step { export: NAME, from: { connection: NAME }, to: … }, or a connection of kind mysql',
    ],
  ],
];

test.each(mistakes)('%s is judged', async (_name, text, problems) => {
  expect(await problemsOf(text)).toEqual(problems);
});
