/** Users of MySQL that have exactly the grants that a plan prints: with all of them a run completes, without any one it does not. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { auroraOfFile } from '../fixtures/aurora.js';
import {
  createTable,
  dynamodbCall,
  dynamodbConnection,
  type Item,
  putItems,
  tableName,
} from '../fixtures/dynamodb.js';
import { pipeline, type Told } from '../fixtures/in-process.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';

interface Case {
  readonly name: string;
  /** What lies in both databases before each run. `from` and `into` are their names. */
  readonly setup: string;
  /** The table of a replicate is named later. */
  readonly step: { readonly [field: string]: unknown };
  /** Which grants are taken away, each alone: of the others another case shows that they are needed. */
  readonly alone?: RegExp;
  /** Rows go through objects of S3. */
  readonly fromS3?: true;
}

const aurora = auroraOfFile();
let source: TestDatabase;
let sink: TestDatabase;
let reader: string;
let writer: string;
let changing: string;

beforeAll(async () => {
  source = await testDatabase('grants_from');
  // An underscore stands for any character where a whole database is granted.
  sink = await testDatabase('grants_into');
  reader = `r_${source.name.slice(-10)}`;
  writer = `w_${sink.name.slice(-10)}`;
  const password = process.env['SLUICE_TEST_PASSWORD'] ?? '';
  changing = tableName('grants');
  await createTable(changing, ['id', 'N'], undefined, 'NEW_AND_OLD_IMAGES');
  await putItems(changing, [item(1, 'new'), item(3, 'came')]);
  await putItems(changing, [item(1, 'newer'), item(4, 'gone')]);
  await dynamodbCall('DeleteItem', { TableName: changing, Key: { id: { N: '4' } } });
  for (const user of [reader, writer]) {
    await source.execute(`CREATE USER '${user}'@'%' IDENTIFIED BY '${password}'`);
  }
});
afterAll(async () => {
  for (const user of [reader, writer]) await source.execute(`DROP USER '${user}'@'%'`);
  await source.drop();
  await sink.drop();
});

const table = 'id INT PRIMARY KEY, name VARCHAR(20)';
const came = `CREATE TABLE \${from}.t (${table}); INSERT INTO \${from}.t VALUES (1, 'new'), (2, 'same'), (3, 'came');`;
/** Row 1 changes, 2 stays, 3 comes, 4 is gone. */
const there = `CREATE TABLE \${into}.t (${table}); INSERT INTO \${into}.t VALUES (1, 'old'), (2, 'same'), (4, 'gone');`;
/** More than a batch holds. */
const many = Array.from({ length: 2500 }, (_, index) => `(${index + 10}, 'x')`).join(', ');
const trigger =
  'CREATE DEFINER = nobody@localhost TRIGGER ${into}.before_t BEFORE INSERT ON ${into}.t FOR EACH ROW SET NEW.name = NEW.name;';
const from = { connection: 'shop', table: 't' };
const into = { connection: 'report', table: 't' };
const site = { connection: 'site' };
const events = ['insert', 'modify'];
const limit = { rejects: { limit: 10 } };
const item = (id: number, name: string): Item => ({ id: { N: `${id}` }, name: { S: name } });

const cases: readonly Case[] = [
  { name: 'upsert', setup: came + there, step: { copy: 'c', from, to: { ...into, mode: 'upsert' } } },
  {
    name: 'append, where a row is refused',
    setup: came + there,
    step: { copy: 'c', from, to: { ...into, mode: 'append' }, ...limit },
  },
  {
    name: 'mirror',
    setup: came + there,
    step: { copy: 'c', from, to: { ...into, mode: 'mirror', deletes: { limit: '100%' } } },
  },
  {
    name: 'replace',
    setup: came + there.replace('INT PRIMARY', 'INT AUTO_INCREMENT PRIMARY'),
    step: { copy: 'c', from, to: { ...into, mode: 'replace' } },
    alone: /^(?!GRANT (TRIGGER|UPDATE|CREATE TEMPORARY))/,
  },
  {
    name: 'replace, where rows meet',
    setup: `${came} ALTER TABLE \${from}.t DROP PRIMARY KEY;
      INSERT INTO \${from}.t VALUES ${many}, (1, 'newer'); ${there}`,
    step: { copy: 'c', from, to: { ...into, mode: 'replace', duplicates: 'last' } },
    alone: /GRANT (UPDATE|CREATE TEMPORARY)/,
  },
  {
    name: 'create',
    setup: `${came} ALTER TABLE \${from}.t DROP PRIMARY KEY;
      INSERT INTO \${from}.t VALUES (1, 'newer'); ALTER TABLE \${from}.t ADD number INT AUTO_INCREMENT PRIMARY KEY;`,
    step: { copy: 'c', from, to: { ...into, mode: 'append', create: true } },
    alone: /CREATE ON/,
  },
  {
    name: 'suspended triggers',
    alone: /TRIGGER|sluice_triggers|\\*\\.\\*/,
    setup: came + there + trigger,
    step: { copy: 'c', from, to: { ...into, mode: 'upsert', triggers: 'suspend' } },
  },
  {
    name: 'a foreign key',
    alone: /parent/,
    setup: `${came} CREATE TABLE \${into}.parent (id INT PRIMARY KEY); INSERT INTO \${into}.parent VALUES (1), (2), (3);
      CREATE TABLE \${into}.t (${table}, FOREIGN KEY (id) REFERENCES \${into}.parent (id)); INSERT INTO \${into}.t VALUES (1, 'old');`,
    step: { copy: 'c', from, to: { ...into, mode: 'upsert', foreignKeys: 'after' } },
  },
  {
    name: 'a view, by a condition',
    alone: / TO 'r_/,
    setup: `${came.replace('CREATE TABLE ${from}.t', 'CREATE TABLE ${from}.base').replace('INTO ${from}.t', 'INTO ${from}.base')}
      CREATE VIEW \${from}.t AS SELECT * FROM \${from}.base; ${there}`,
    step: {
      copy: 'c',
      from: { ...from, where: 'id < 9' },
      to: { ...into, mode: 'upsert', duplicates: 'last' },
    },
  },
  {
    name: 'parts of a table',
    alone: / TO 'r_/,
    setup: came + there,
    step: { copy: 'c', from: { ...from, consistency: 'part' }, to: { ...into, mode: 'upsert' }, parallel: 2 },
  },
  {
    name: 'since',
    alone: / TO 'r_/,
    setup: came + there,
    step: {
      copy: 'c',
      from: { ...from, since: { column: 'id' } },
      to: { ...into, mode: 'upsert' },
    },
  },
  {
    name: 'changes, appended',
    setup: there.replace(/INSERT.*/, ''),
    step: {
      replicate: 'c',
      from: { ...site, changes: 'oldest', events },
      to: { ...into, mode: 'append' },
      ...limit,
    },
    alone: /INSERT ON/,
  },
  {
    name: 'changes, mirrored',
    setup: there,
    step: { replicate: 'c', from: { ...site, changes: 'oldest' }, to: { ...into, mode: 'mirror' } },
    alone: /sequences|DELETE ON \S+`t`/,
  },
  {
    name: 'through objects of S3',
    setup: came + there,
    step: { copy: 'c', from, to: { ...into, mode: 'append' }, ...limit },
    alone: /AWS_LOAD_S3_ACCESS/,
    fromS3: true,
  },
];

/** Gives both databases what the case needs, and nothing else. */
async function prepare({ setup }: Case): Promise<void> {
  for (const { name, execute } of [source, sink]) {
    await execute(`DROP DATABASE ${name}; CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  }
  await source.execute(setup.replaceAll('${from}', source.name).replaceAll('${into}', sink.name));
}

function declared(
  { step, fromS3 }: Case,
  users: { readonly reads: string; readonly writes: string },
): object {
  return {
    pipeline: 'p',
    connections: {
      shop: { ...source.connection, user: users.reads },
      report: { ...sink.connection, ...(fromS3 ? aurora().connection : {}), user: users.writes },
      site: dynamodbConnection(),
    },
    steps: [
      JSON.parse(
        JSON.stringify(step).replace('"connection":"site"', `"connection":"site","table":"${changing}"`),
      ) as object,
    ],
  };
}

/** What the plan prints for each connection, for the user of this name. */
async function statementsOf(one: Case): Promise<ReadonlyMap<string, readonly string[]>> {
  const admin = source.connection.user;
  const { plan } = await pipeline(declared(one, { reads: admin, writes: admin }));
  const { out, status } = await plan({ permissions: true, json: true });
  expect(status, out).toBe(0);
  const events = out.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  const grants = events.filter(({ event }) => event === 'grants');
  return new Map(
    grants.map(({ holder, statements }) => {
      const { connection } = holder as { connection: string };
      const user = connection === 'shop' ? reader : writer;
      return [connection, (statements as string[]).map((text) => text.replace(`'${admin}'@`, `'${user}'@`))];
    }),
  );
}

/** `GRANT A, B ON x TO y;` as one statement for each privilege; of a role without ON. */
function single(statement: string): readonly string[] {
  const [, privileges = '', rest = ''] = /^GRANT (.*?) ((?:ON|TO) .*);$/.exec(statement) ?? [];
  return privileges.split(', ').map((privilege) => `GRANT ${privilege} ${rest}`);
}

async function runAs(one: Case): Promise<Told> {
  await prepare(one);
  const { run } = await pipeline(declared(one, { reads: reader, writes: writer }));
  return await run({ json: true, drain: true });
}

async function allow(one: Case): Promise<readonly string[]> {
  await prepare(one);
  const statements = [...(await statementsOf(one)).values()].flat();
  for (const user of [reader, writer])
    await source.execute(`REVOKE ALL PRIVILEGES, GRANT OPTION FROM '${user}'@'%'`);
  for (const statement of statements) await source.execute(statement);
  return statements;
}

it.each(cases)('$name: a run needs every grant that is printed, and no other', async (one) => {
  const statements = await allow(one);
  const complete = await runAs(one);
  expect([0, 3], complete.out).toContain(complete.status);
  const needless: string[] = [];
  // Without TRIGGER nothing fails: triggers are not seen then.
  const { alone = /^(?!GRANT TRIGGER ON \S+`t`)/ } = one;
  const privileges = statements.flatMap(single).filter((grant) => alone.test(grant));
  expect(privileges.length).toBeGreaterThan(0);
  for (const grant of privileges) {
    await prepare(one);
    await source.execute(grant.replace('GRANT', 'REVOKE').replace(/ TO ('.*)$/, ' FROM $1'));
    if ((await runAs(one)).status === complete.status) needless.push(grant);
    for (const statement of statements) await source.execute(statement);
  }
  expect(needless).toEqual([]);
});

it('a user with these grants sees the triggers and the foreign keys of the table', async () => {
  const triggered = { name: '', setup: came + there, step: { copy: 'c', from, to: { ...into } } };
  await allow(triggered);
  const refused = await runAs({ ...triggered, setup: came + there + trigger });
  expect(refused.out).toContain('sink_triggers');
  const parentless = `${came} CREATE TABLE \${into}.parent (id INT PRIMARY KEY);
    CREATE TABLE \${into}.t (${table}, FOREIGN KEY (id) REFERENCES \${into}.parent (id));`;
  const orphaned = {
    name: '',
    setup: parentless,
    step: { copy: 'c', from, to: { ...into, foreignKeys: 'after' } },
  };
  await allow(orphaned);
  const failed = await runAs(orphaned);
  expect(failed.status).toBe(4);
  expect(failed.out).toContain('foreign_key');
});
