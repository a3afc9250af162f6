import { randomBytes } from 'node:crypto';
import type { TestDatabase } from '../fixtures/mysql.js';
import type { Arrangement, Direction, FaultKind, Target } from './fault-kind.js';
import type { Rule } from './fault-plan.js';
import type { MysqlFault } from './mysql-proxy.js';
import { startSecrets } from './rotated-secrets.js';

const LOAD = /^LOAD DATA/;
const COMMIT = /^COMMIT/;
const LEDGER = /^INSERT INTO [^(]*sluice_ledger/;
/** The statement that streams the rows; the plan reads the first of them with a LIMIT. */
const READ = /^SELECT(?![\s\S]* LIMIT )[\s\S]* FROM [\s\S]*`origin`[\s\S]*ORDER BY/;

/** Statements that carry rows: loads as a sink, the read as a source. */
const rows: Readonly<Record<Direction, RegExp>> = { 'into MySQL': LOAD, 'from MySQL': READ };

function often(name: string, fault: MysqlFault, nth: readonly number[] = [1, 3]): FaultKind {
  return {
    name,
    ends: 'complete',
    disturb: (direction) => ({
      mysql: [{ on: rows[direction], fault, nth: direction === 'into MySQL' ? nth : 1 }],
    }),
  };
}

/** Only where rows go in, or only where they come out. */
function only(direction: Direction, name: string, mysql: readonly Rule<MysqlFault>[]): FaultKind {
  return { name, ends: 'complete', disturb: (tried) => (tried === direction ? { mysql } : undefined) };
}

const error = (code: number, at: 'before' | 'after' = 'before'): MysqlFault => ({ kind: 'error', code, at });
const drop = (at: 'before' | 'after'): MysqlFault => ({ kind: 'drop', at });

async function killSession({ database, threadId }: Target): Promise<void> {
  await database.execute(`KILL CONNECTION ${threadId}`);
}

/**
 * A user whose password has been changed; the secret gives the old one first. The login is refused once, the secret is read again.
 */
async function rotatedPassword(database: TestDatabase): Promise<Arrangement> {
  const user = `rotated_${randomBytes(4).toString('hex')}`;
  const [before, now] = ['before', 'now'].map((text) => `${text}-${randomBytes(8).toString('hex')}`);
  await database.execute(
    `CREATE USER '${user}'@'%' IDENTIFIED BY '${now}'; GRANT ALL ON *.* TO '${user}'@'%'`,
  );
  const secrets = await startSecrets([
    { username: user, password: before },
    { username: user, password: now },
  ]);
  return {
    env: { AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.endpoint },
    mysql: { user: undefined, password: undefined, secret: 'sweep/mysql', region: 'eu-west-1' },
    over: async () => undefined,
    remove: async () => {
      await secrets.stop();
      await database.execute(`DROP USER '${user}'@'%'`);
    },
  };
}

export const mysqlKinds: readonly FaultKind[] = [
  often('a deadlock (1213)', error(1213)),
  only('into MySQL', 'a deadlock (1213) at the end of a load', [
    { on: LOAD, fault: error(1213, 'after'), nth: [1, 2] },
  ]),
  often('a lock wait (1205)', error(1205)),
  {
    name: 'too many connections (1040)',
    ends: 'complete',
    disturb: () => ({ mysql: [{ on: 'connect', fault: error(1040), nth: [1, 2, 4] }] }),
  },
  often('the link breaks before a statement (2006)', drop('before')),
  often('the link breaks after a statement (2013)', drop('after')),
  only('from MySQL', 'the link breaks in the middle of a result', [
    { on: READ, fault: { kind: 'drop in result', rows: 777 }, times: 2 },
  ]),
  only('into MySQL', 'the link breaks in the middle of a load', [
    { on: LOAD, fault: { kind: 'drop in load', bytes: 20_000 }, nth: [1, 3] },
  ]),
  only('into MySQL', 'the link breaks before COMMIT', [{ on: COMMIT, fault: drop('before'), nth: [1, 3] }]),
  only('into MySQL', 'the link breaks after COMMIT, its answer lost', [
    { on: COMMIT, fault: drop('after'), nth: [1, 3] },
  ]),
  only('into MySQL', 'the link breaks before the ledger is written', [
    { on: LEDGER, fault: drop('before'), nth: [1, 3] },
  ]),
  only('into MySQL', 'the link breaks after the ledger is written', [
    { on: LEDGER, fault: drop('after'), nth: [1, 3] },
  ]),
  only('into MySQL', 'a failover leaves the server read-only (1290)', [
    { on: LOAD, fault: { kind: 'read only' }, nth: 2 },
  ]),
  often('the server shuts down (1053)', error(1053)),
  often('a statement is interrupted (1317)', error(1317)),
  only('into MySQL', 'the disk of the server is full (1114, 1021)', [
    { on: LOAD, fault: error(1114), nth: 1 },
    { on: LOAD, fault: error(1021), nth: 2 },
  ]),
  {
    name: 'the session is killed (KILL)',
    ends: 'complete',
    disturb: (direction) => ({ deed: { on: rows[direction], nth: 1, act: killSession } }),
  },
  often('slow answers of MySQL', { kind: 'slow', ms: 300 }),
  {
    name: 'MySQL refuses connections for a while',
    ends: 'complete',
    disturb: (direction) => ({
      mysql: [{ on: rows[direction], fault: { kind: 'refuse', ms: 400 }, nth: 1 }],
    }),
  },
  {
    name: 'the password was rotated (1045)',
    ends: 'complete',
    disturb: () => ({ arrange: rotatedPassword }),
  },
  {
    name: 'a privilege is taken away (1142)',
    ends: ['access_denied'],
    disturb: (direction) => ({ mysql: [{ on: rows[direction], fault: error(1142), nth: 1 }] }),
  },
];
