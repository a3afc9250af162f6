import { writeFile } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SluiceError } from '../errors.js';

/** Writes the starter file of a flow into a folder; gives its name. Throws `usage` if it is there already. */
export async function writeStarter(flow: string, folder: string, overwrite: boolean): Promise<string> {
  const starter = Object.hasOwn(starters, flow) ? starters[flow] : undefined;
  if (!starter) {
    throw new SluiceError('usage', `no starter is named ${flow}`, {
      hint: `there is: ${Object.keys(starters).join(', ')}`,
    });
  }
  const text = starter.text.replace('SCHEMA', schemaFor(folder));
  try {
    await writeFile(join(folder, starter.file), text, { flag: overwrite ? 'w' : 'wx' });
  } catch (cause) {
    throw notWritten(starter.file, cause);
  }
  return starter.file;
}

/** The schema of this version; by a relative path where Sluice is installed below the folder. */
function schemaFor(folder: string): string {
  const path = fileURLToPath(new URL('../../docs/reference/pipeline.schema.json', import.meta.url));
  const fromFolder = relative(folder, path);
  return fromFolder.startsWith('..') || isAbsolute(fromFolder)
    ? path
    : `./${fromFolder.replaceAll(sep, '/')}`;
}

function notWritten(file: string, cause: unknown): SluiceError {
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  if (reason === 'EEXIST') {
    return new SluiceError('usage', `${file} is there already`, {
      hint: 'with --force it is overwritten',
      cause,
    });
  }
  return new SluiceError('usage', `${file} cannot be written (${reason})`, { cause });
}

interface Starter {
  readonly file: string;
  readonly text: string;
}

const batch = `# yaml-language-server: $schema=SCHEMA
# Batch copies between MySQL and DynamoDB. Check it: sluice check batch.yaml
pipeline: batch

connections:
  shop:
    kind: mysql
    host: 127.0.0.1
    user: app
    password: { env: SHOP_PASSWORD }    # never a literal; or leave host, user and password to a secret:
    database: shop                      #   secret: prod/shop      region: eu-west-1
  stage:
    kind: dynamodb
    region: eu-west-1
    # endpoint: http://127.0.0.1:8000   # an emulator
  report:
    kind: mysql
    host: 127.0.0.1
    user: app
    password: { env: REPORT_PASSWORD }
    database: report

# schedule: { cron: "0 6 * * ? *", zone: Europe/Berlin }    # or { rate: "15 minutes" }

steps:                                  # one after the other
  - copy: orders-out
    from:
      connection: shop
      table: orders                     # or tables: ["order*"], or query: "SELECT …"
      # where: "status <> 'draft'"
      # columns: [id, customer_id, total]
    to:
      connection: stage
      table: orders
      # key: { partition: customer_id, sort: id }   # default: the primary key of the source
      mode: put                         # put | insert | update | newest (with by) | mirror
      create: true                      # make the table when it is missing
    # map: { drop: [internal_note], rename: { customer: customer_id }, as: { paid: bool } }
    rejects: { limit: 0 }               # rows that may be refused: 100, or "1%"
    # pace: { writeUnits: 500 }         # never faster than this
    tests:                              # sluice test batch.yaml: what becomes of rows, without a server
      - name: an order goes on as it is
        given: { id: 1, customer_id: 7, note: "" }
        rows: { id: 1, customer_id: 7, note: "" }

  - copy: orders-in
    from: { connection: stage, table: orders }
    to:
      connection: report
      table: orders
      mode: upsert                      # upsert | append | replace | mirror
      create: true
    parallel: 4                         # writers side by side

  # - parallel:                         # branches side by side; a branch is a step or a list of steps
  #     - copy: …
  #     - [ { copy: … }, { copy: … } ]
`;

const users = `# yaml-language-server: $schema=SCHEMA
# Chosen items from one DynamoDB table into another, slowly. Check it: sluice check users.yaml
pipeline: users

connections:
  prod:
    kind: dynamodb
    region: eu-west-1
    # role: arn:aws:iam::111122223333:role/sluice-prod    # assumed for everything done here
    # endpoint: http://127.0.0.1:8000                     # an emulator
  dev:
    kind: dynamodb
    region: eu-central-1
  # inbox: { kind: sqs, queue: inbox, region: eu-central-1 }    # for via; account: "444455556666"

steps:
  - copy: users
    from:
      connection: prod
      table: users
      keys: ./keys.txt        # a key a line; keys.jsonl: {"pk":"a","sk":7} a line; keys.csv: with a header; "-": stdin
      # keys: { connection: shop, query: "SELECT id FROM chosen" }
    to:
      connection: dev
      table: users
      mode: put               # put | insert (keeps what is there) | newest (with by) | update
      # create: true
    # via: { connection: inbox }  # through a queue: sluice run --only send here, --only receive there
    pace: { items: 1 }        # a second; also bytes, readUnits, writeUnits, share: "20%", adapt: true
    rejects: { limit: "1%" }  # keys that no item has, and lines that are no keys
    # parse: [profile]        # attributes that hold JSON text
    # check: ./user.schema.json
    tests:                    # sluice test users.yaml: what becomes of items, without a server
      - name: a user goes on as it is
        given: { id: a, tags: { SS: [x, y] }, profile: { city: Paris } }
        rows: { id: a, tags: { SS: [x, y] }, profile: { city: Paris } }
`;

const replicate = `# yaml-language-server: $schema=SCHEMA
# Changes of a DynamoDB table, followed into MySQL without an end. Check it: sluice check replicate.yaml
pipeline: replicate

connections:
  site:
    kind: dynamodb            # the table needs a stream: NEW_IMAGE or NEW_AND_OLD_IMAGES
    region: eu-west-1
    # endpoint: http://127.0.0.1:8000   # an emulator, its Streams too
  report:
    kind: mysql
    host: 127.0.0.1
    user: app
    password: { env: REPORT_PASSWORD }
    database: report

steps:
  - replicate: orders
    from:
      connection: site
      table: orders
      # changes: oldest       # where it begins: oldest (all that is kept, 24 hours), latest; not with \`first: copy\`
      # events: [insert, modify, remove]
    to:
      connection: report
      table: orders
      mode: mirror            # mirror: the table as it is now; append: a row for each change
      # load: { rows: 10000, bytes: 16777216, seconds: 1 }    # whichever comes first
      # ttlDeletes: apply     # or ignore: what its time to live removed stays here
    first: copy               # the whole table first, then its changes; for mirror
    # parse: [payload]        # attributes that hold JSON text
    # check: ./order.schema.json
    # map: { only: { id: id, total: payload.total, changed_at: { meta: changedAt } } }
    rejects: { limit: "1%" }  # more of them stop the run; sluice replay sends them again

# sluice run replicate.yaml            until SIGINT or SIGTERM; the next run goes on from there
# sluice run replicate.yaml --drain    until it has caught up
`;

const exportFlow = `# yaml-language-server: $schema=SCHEMA
# A snapshot of an RDS database, exported to S3 as Parquet; LATEST.json names the newest complete export.
# Check it: sluice check export.yaml
pipeline: export

connections:
  prod:
    kind: rds
    instance: shop-prod       # or cluster: shop, of Aurora
    region: eu-west-1
    # role: arn:aws:iam::111122223333:role/sluice           # assumed for everything done here
  lake:
    kind: s3
    bucket: lake
    prefix: exports/          # of this pipeline alone; it ends with /
    region: eu-west-1         # database, bucket and key lie in one region
  # shop: { kind: mysql, secret: prod/shop, region: eu-west-1 }    # for count

schedule: { cron: "0 21 * * ? *" }    # UTC; or zone: Europe/Berlin. sluice serve export.yaml runs it then

steps:
  - export: nightly           # snapshots and exports are named nightly-YYYY-mm-dd-HH-MM
    from:
      connection: prod
      # tables: [shop.orders, shop.customers]               # default: everything
    to:
      connection: lake
      kmsKey: arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
      role: arn:aws:iam::111122223333:role/rds-export       # by which RDS writes into the bucket
    keep: { exports: 2, snapshots: 1 }    # the export before stays for those who still read it
    # count: { connection: shop }         # compare the tables of the database with those of the export
    # direct: true            # an Aurora cluster, without a snapshot
    # deadline: "12h"         # how long a run waits for RDS; the next one goes on waiting
    # poll: { seconds: 30 }

# sluice plan export.yaml         what it needs and costs; makes nothing
# sluice snowflake export.yaml    the statements that load it; also athena, duckdb
`;

const starters: Readonly<Record<string, Starter>> = {
  users: { file: 'users.yaml', text: users },
  replicate: { file: 'replicate.yaml', text: replicate },
  export: { file: 'export.yaml', text: exportFlow },
  batch: { file: 'batch.yaml', text: batch },
};
