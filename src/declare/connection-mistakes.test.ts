import { describe, expect, test } from 'vitest';
import { connection, problemsOf, stage } from '../../test/fixtures/declarations.js';

/** What is declared, and all that is said about it: line:column, path, message, code, hint. */
const mistakes: readonly [name: string, text: string, problems: readonly string[]][] = [
  [
    'a kind that is missing',
    connection('{ host: h }'),
    [
      '3:9 connections.shop `kind` is missing (missing_field) → one of: mysql, dynamodb, files, s3, rds, sqs, firehose',
    ],
  ],
  [
    'a connection that is a text',
    connection('mysql'),
    [
      '3:9 connections.shop expected a mapping, not text (wrong_type) → { kind: mysql | dynamodb | files | s3 | rds | sqs | firehose, … }',
    ],
  ],
  [
    'a misspelled kind',
    connection('{ kind: msql }'),
    [
      '3:17 connections.shop.kind unknown kind "msql"; did you mean "mysql"? (wrong_value) → one of: mysql, dynamodb, files, s3, rds, sqs, firehose',
    ],
  ],
  [
    'a delivery stream that gathers for longer than Firehose does',
    connection('{ kind: firehose, seconds: 901 }'),
    [
      '3:36 connections.shop.seconds must be at most 900 (wrong_value)',
      '5:40 steps[0].from.connection `from` names a delivery stream (kind: firehose), which lies between a source and a sink (conflict) → via: { connection: "shop" }, and a table in `from`',
    ],
  ],
  [
    'a kind that is a number',
    connection('{ kind: 5 }'),
    [
      '3:17 connections.shop.kind expected text, not an integer (wrong_type) → one of: mysql, dynamodb, files, s3, rds, sqs, firehose',
    ],
  ],
  [
    'a MySQL connection without a way in',
    connection('{ kind: mysql }'),
    [
      '3:9 connections.shop `host` is missing (missing_field) → give host, user, password: { env: NAME } and database, or the name of a `secret` that holds them',
      '3:9 connections.shop `user` is missing (missing_field) → give host, user, password: { env: NAME } and database, or the name of a `secret` that holds them',
      '3:9 connections.shop `database` is missing (missing_field) → give host, user, password: { env: NAME } and database, or the name of a `secret` that holds them',
    ],
  ],
  [
    'a literal password',
    connection('{ kind: mysql, host: h, user: u, password: hunter2, database: d }'),
    [
      '3:52 connections.shop.password a literal password is refused (insecure) → write password: { env: NAME } and set the variable, or keep user and password in a `secret`',
    ],
  ],
  [
    'a literal password of digits',
    connection('{ kind: mysql, host: h, user: u, password: 12345, database: d }'),
    [
      '3:52 connections.shop.password a literal password is refused (insecure) → write password: { env: NAME } and set the variable, or keep user and password in a `secret`',
    ],
  ],
  [
    'a variable name with a space',
    connection('{ kind: mysql, host: h, user: u, password: { env: "A B" }, database: d }'),
    [
      '3:59 connections.shop.password.env "A B" is not the name of an environment variable (wrong_value) → one looks like SHOP_PASSWORD',
    ],
  ],
  [
    'a misspelled env',
    connection('{ kind: mysql, host: h, user: u, password: { enw: AB }, database: d }'),
    [
      '3:54 connections.shop.password.enw unknown field "enw"; did you mean "env"? (unknown_field) → fields here: env',
    ],
  ],
  [
    'a secret and a user',
    connection('{ kind: mysql, secret: s, user: u }'),
    [
      '3:41 connections.shop.user `user` and `secret` exclude each other (conflict) → the secret holds user and password',
    ],
  ],
  [
    'a port beyond 65535',
    connection('{ kind: mysql, host: h, user: u, database: d, port: 70000 }'),
    ['3:61 connections.shop.port must be at most 65535 (wrong_value)'],
  ],
  [
    'a port between quotes',
    connection('{ kind: mysql, host: h, user: u, database: d, port: "3306" }'),
    ['3:61 connections.shop.port expected a number or a mapping, not text (wrong_type)'],
  ],
  [
    'tls: off for another machine',
    connection('{ kind: mysql, host: db.example.com, user: u, database: d, tls: off }'),
    [
      '3:73 connections.shop.tls `tls: off` is for this machine only, not for db.example.com (insecure) → leave `tls` out: the certificates of RDS are known; or name the authority: tls: { ca: ./ca.pem }',
    ],
  ],
  [
    'a misspelled tls',
    connection('{ kind: mysql, host: db.example.com, user: u, database: d, tls: require }'),
    [
      '3:73 connections.shop.tls unknown tls "require"; did you mean "required"? (wrong_value) → one of: required, off',
    ],
  ],
  [
    'tls: true',
    connection('{ kind: mysql, host: db.example.com, user: u, database: d, tls: true }'),
    ['3:73 connections.shop.tls expected required, off or a mapping, not true (wrong_type)'],
  ],
  [
    'a role without a secret',
    connection('{ kind: mysql, host: h, user: u, database: d, role: "arn:aws:iam::111122223333:role/x" }'),
    [
      '3:61 connections.shop.role `role` goes with `secret` only (conflict) → a server that is spelled out is reached without AWS',
    ],
  ],
  [
    'a place of loads that is a URL',
    connection('{ kind: mysql, secret: s, loadFrom: "s3://b/sluice/" }'),
    ['3:45 connections.shop.loadFrom expected a mapping, not text (wrong_type)'],
  ],
  [
    'a prefix of loads that a statement cannot name, and a misspelled field',
    connection('{ kind: mysql, secret: s, loadFrom: { buket: my-loads, prefix: "it\'s/" } }'),
    [
      '3:47 connections.shop.loadFrom.buket unknown field "buket"; did you mean "bucket"? (unknown_field) → fields here: bucket, prefix, region, endpoint',
      '3:72 connections.shop.loadFrom.prefix "it\'s/" is not a prefix that a statement can name (wrong_value) → letters, digits, _ . = - and / as in sluice/, with / at its end',
    ],
  ],
  [
    'a URL as host',
    connection('{ kind: mysql, host: "mysql://h/", user: u, database: d }'),
    [
      '3:30 connections.shop.host not the name or address of a host (wrong_value) → the port goes into `port`, the user into `user`',
    ],
  ],
  [
    'the metadata address as host',
    connection('{ kind: mysql, host: 169.254.169.254, user: u, database: d }'),
    ['3:30 connections.shop.host link-local addresses and metadata services are refused as hosts (insecure)'],
  ],
  [
    'a malformed region',
    stage('{ kind: dynamodb, region: eu_west }'),
    ['4:36 connections.stage.region "eu_west" is not an AWS region (wrong_value) → one looks like eu-west-1'],
  ],
  [
    'a role with a short account',
    stage('{ kind: dynamodb, role: "arn:aws:iam::1:role/x" }'),
    [
      '4:34 connections.stage.role "arn:aws:iam::1:role/x" is not the ARN of a role (wrong_value) → one looks like arn:aws:iam::111122223333:role/sluice',
    ],
  ],
  [
    'a user in place of a role',
    stage('{ kind: dynamodb, role: "arn:aws:iam::111122223333:user/x" }'),
    [
      '4:34 connections.stage.role "arn:aws:iam::111122223333:user/x" is not the ARN of a role (wrong_value) → one looks like arn:aws:iam::111122223333:role/sluice',
    ],
  ],
  [
    'an endpoint of ftp',
    stage('{ kind: dynamodb, endpoint: "ftp://h/" }'),
    ['4:38 connections.stage.endpoint an endpoint begins with http:// or https:// (wrong_value)'],
  ],
  [
    'a file as endpoint',
    stage('{ kind: dynamodb, endpoint: "file:///etc/passwd" }'),
    ['4:38 connections.stage.endpoint an endpoint begins with http:// or https:// (wrong_value)'],
  ],
  [
    'an endpoint without a scheme',
    stage('{ kind: dynamodb, endpoint: "localhost" }'),
    [
      '4:38 connections.stage.endpoint not a URL (wrong_value) → an endpoint looks like http://127.0.0.1:8000',
    ],
  ],
  [
    'a password in an endpoint',
    stage('{ kind: dynamodb, endpoint: "http://u:hunter2@h/" }'),
    ['4:38 connections.stage.endpoint an endpoint holds no user and no password (wrong_value)'],
  ],
  [
    'the metadata address as endpoint',
    stage('{ kind: dynamodb, endpoint: "http://169.254.169.254/latest" }'),
    [
      '4:38 connections.stage.endpoint link-local addresses and metadata services are refused as endpoints (insecure)',
    ],
  ],
  [
    'the metadata address in decimal',
    stage('{ kind: dynamodb, endpoint: "http://2852039166" }'),
    [
      '4:38 connections.stage.endpoint link-local addresses and metadata services are refused as endpoints (insecure)',
    ],
  ],
  [
    'the metadata address in hexadecimal',
    stage('{ kind: dynamodb, endpoint: "http://0xA9FEA9FE:80" }'),
    [
      '4:38 connections.stage.endpoint link-local addresses and metadata services are refused as endpoints (insecure)',
    ],
  ],
  [
    'a link-local endpoint',
    stage('{ kind: dynamodb, endpoint: "http://[fe80::1]" }'),
    [
      '4:38 connections.stage.endpoint link-local addresses and metadata services are refused as endpoints (insecure)',
    ],
  ],
  [
    'the metadata address inside of an IPv6 one',
    stage('{ kind: dynamodb, endpoint: "http://[::ffff:169.254.169.254]" }'),
    [
      '4:38 connections.stage.endpoint link-local addresses and metadata services are refused as endpoints (insecure)',
    ],
  ],
  [
    'a metadata name as endpoint',
    stage('{ kind: dynamodb, endpoint: "http://metadata.google.internal" }'),
    [
      '4:38 connections.stage.endpoint link-local addresses and metadata services are refused as endpoints (insecure)',
    ],
  ],
  [
    'a misspelled field of a connection',
    stage('{ kind: dynamodb, regoin: eu-west-1 }'),
    [
      '4:28 connections.stage.regoin unknown field "regoin"; did you mean "region"? (unknown_field) → fields here: kind, region, endpoint, streamsEndpoint, role',
    ],
  ],
];

describe('of the mistakes in connections', () => {
  test.each(mistakes)('%s is named with its place', async (_name, text, problems) => {
    expect(await problemsOf(text)).toEqual(problems);
  });
});
