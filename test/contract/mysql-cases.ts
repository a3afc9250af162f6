import { randomBytes } from 'node:crypto';
import type { Connection } from '../../src/connectors/connector.js';
import { registry } from '../../src/connectors/registry.js';
import { testContext } from '../fixtures/context.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { CANARY, type ContractCases, type Opened, type SinkCase, type SourceCase } from './cases.js';

const USER = 'contract';

interface Store extends Opened {
  readonly database: TestDatabase;
}

async function open(password = `${CANARY}-password`): Promise<Store> {
  const database = await testDatabase('contract');
  await database.execute(`CREATE USER IF NOT EXISTS ${USER} IDENTIFIED BY '${CANARY}-password'`);
  await database.execute(`GRANT ALL ON *.* TO ${USER}`);
  const options = registry.mysql.connection.parse({
    ...database.connection,
    user: USER,
    password: { env: 'CONTRACT_PASSWORD' },
  });
  const context = await testContext({ env: { ...process.env, CONTRACT_PASSWORD: password } });
  const connector = await registry.mysql.load();
  const connection: Connection = connector.connect(options, context.context);
  return {
    database,
    connection,
    context,
    fingerprint: async () => {
      const names = await tableNames(database);
      const sums = names.length > 0 ? await database.query(`CHECKSUM TABLE ${names.join(', ')}`) : [];
      return JSON.stringify(sums);
    },
    close: async () => {
      await connection.close();
      await context.close();
      await database.drop();
    },
  };
}

async function tableNames(database: TestDatabase): Promise<string[]> {
  const rows = await database.query(
    `SELECT table_name FROM information_schema.tables WHERE table_schema = '${database.name}' ORDER BY table_name`,
  );
  return rows.map(([name]) => String(name));
}

function source(name: string, columns: string, values: string, options: object): SourceCase {
  return {
    name,
    open: async (rows) => {
      const store = await open();
      await store.database.execute(`CREATE TABLE t (${columns})`);
      if (rows > 0) await store.database.execute(`INSERT INTO t SELECT ${values} FROM seq_0_to_${rows - 1}`);
      // Statistics, from which parts are cut.
      await store.database.execute('ANALYZE TABLE t');
      return { ...store, options: registry.mysql.source.parse({ connection: 'c', ...options }) };
    },
  };
}

const label = `CONCAT('${CANARY} ', seq)`;

const sources: SourceCase[] = [
  source('a number key', 'id BIGINT PRIMARY KEY, label TEXT', `seq, ${label}`, { table: 't' }),
  source('a number key in parts', 'id BIGINT UNSIGNED PRIMARY KEY, label TEXT', `seq, ${label}`, {
    table: 't',
    consistency: 'part',
  }),
  source(
    'a text key that folds case, in parts',
    'id INT, k VARCHAR(40) COLLATE utf8mb4_general_ci PRIMARY KEY, label TEXT',
    `seq, IF(seq % 2, MD5(seq), UPPER(MD5(seq))), ${label}`,
    { table: 't', consistency: 'part' },
  ),
  source(
    'a key of three columns, in parts',
    'id INT, a DATE, b VARBINARY(8), c DECIMAL(5,2), label TEXT, PRIMARY KEY (a, b, c)',
    `seq, '2026-01-01' + INTERVAL seq % 3 DAY, UNHEX(HEX(seq % 7)), seq / 10, ${label}`,
    { table: 't', consistency: 'part' },
  ),
  source('no key', 'id INT, label TEXT', `seq, ${label}`, { table: 't' }),
  source('a where', 'id INT PRIMARY KEY, label TEXT', `seq, ${label}`, {
    table: 't',
    where: 'id >= 0 OR 1=1',
  }),
  source('a query', 'id INT PRIMARY KEY, label TEXT', `seq, ${label}`, {
    query: 'SELECT label, id FROM t WHERE id >= 0',
  }),
];

const SINK_COLUMNS =
  'label VARCHAR(60), amount DECIMAL(20,6), payload VARBINARY(100), flag TINYINT, at DATETIME(6), note JSON';

function sink(mode: string, key: string, met: SinkCase['met'], others: SinkCase['others']): SinkCase {
  return {
    name: key === '' ? `${mode} without a key` : mode,
    met,
    others,
    open: async (existing) => {
      const store = await open();
      const { database } = store;
      await database.execute(`CREATE TABLE t (id INT NOT NULL ${key}, ${SINK_COLUMNS})`);
      if (existing > 0) {
        await database.execute(
          `INSERT INTO t (id, label) SELECT seq, 'before' FROM seq_0_to_${existing - 1}`,
        );
      }
      const options = { connection: 'c', table: 't', mode, deletes: { limit: '100%' } };
      return {
        ...store,
        options: registry.mysql.sink.parse(options),
        tables: () => tableNames(database),
        stored: async () => {
          const rows = await database.query('SELECT id, label FROM t ORDER BY id');
          const labels = new Map(rows.map(([id, text]) => [Number(id), String(text)]));
          return { ids: rows.map(([id]) => Number(id)), labels };
        },
      };
    },
  };
}

const absent: ContractCases['broken'][number] = {
  name: 'a wrong password',
  open: () => open(`${CANARY}-${randomBytes(4).toString('hex')}`),
};

export const mysqlCases: Partial<ContractCases> = {
  sources,
  sinks: [
    sink('upsert', 'PRIMARY KEY', 'overwritten', 'kept'),
    sink('append', 'PRIMARY KEY', 'rejected', 'kept'),
    sink('append', '', 'added', 'kept'),
    sink('replace', 'PRIMARY KEY', 'overwritten', 'deleted'),
    sink('mirror', 'PRIMARY KEY', 'overwritten', 'deleted'),
  ],
  broken: [absent],
};
