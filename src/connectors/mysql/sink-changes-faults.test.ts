import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Rule } from '../../../test/faults/fault-plan.js';
import { type MysqlFault, startMysqlProxy } from '../../../test/faults/mysql-proxy.js';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { type ChangedRow, column, planSink } from '../../../test/fixtures/mysql-sink.js';
import { SluiceError } from '../../errors.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('change_faults');
});
afterAll(() => database.drop());

const columns = [column('id', 'int'), column('name', 'text')];
const ITEMS = 200;

/** Every seventh item goes, some changes are refused by the server, and each batch begins with an old change. */
function changesOf(batch: number): ChangedRow[] {
  const old: ChangedRow = [['1', 'old'], { sequence: '1' }];
  const changes = Array.from({ length: ITEMS }, (_, id): ChangedRow => {
    const sequence = String(1000 * (batch + 1) + id);
    if ((id + batch) % 7 === 0) return [[String(id), undefined], { event: 'remove', sequence }];
    return [[String(id), (id + batch) % 67 === 0 ? 'refused' : `${batch}`], { sequence }];
  });
  return [old, ...changes];
}

/** What the table holds after so many of these batches. */
function stateAfter(batches: number): string[] {
  return Array.from({ length: ITEMS }, (_, id) => {
    for (let batch = batches - 1; batch >= 0; batch--) {
      if ((id + batch) % 7 === 0) return [];
      if ((id + batch) % 67 !== 0) return [`${id}|${batch}`];
    }
    return id === 1 ? ['1|old'] : [];
  }).flat();
}

const stored = async (table: string) =>
  (await database.query(`SELECT id, name FROM ${table} ORDER BY id`)).map((row) => row.join('|'));

const key = "id INT PRIMARY KEY, name VARCHAR(20) CHECK (name <> 'refused')";

/** Mirrors so many batches into a new table through a proxy of its own; gives how often each rule struck. */
async function mirrorThrough(
  table: string,
  batches: number,
  rules: readonly Rule<MysqlFault>[],
): Promise<readonly number[]> {
  await database.execute(`CREATE TABLE ${table} (${key})`);
  const proxy = await startMysqlProxy(inject('mysql'));
  const sink = await planSink(database, {
    options: { table, mode: 'mirror' },
    columns,
    key: ['id'],
    changes: true,
    connection: { port: proxy.port },
    context: { retry: quickly },
  });
  proxy.plan.use(rules);
  for (let batch = 0; batch < batches; batch++) {
    const changes = changesOf(batch);
    const { written, unchanged, rejects } = await sink.writeChanges(changes);
    expect(written + unchanged + rejects.length).toBe(changes.length);
    const refused = changes.flatMap(([[, name]], row) => (name === 'refused' ? [row] : []));
    expect(rejects).toMatchObject(refused.map((row) => ({ row, code: 'check_violated' })));
  }
  const struck = proxy.plan.struck();
  await sink.close();
  await proxy.stop();
  return struck;
}

/** As a run retries, without its waits, which grow while one fault follows the other. */
async function quickly<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof SluiceError) || error.retry === 'never' || attempt === 100) throw error;
      await sleep(10);
    }
  }
}

const again = (on: RegExp, fault: MysqlFault): Rule<MysqlFault> => ({ on, fault, nth: 2 });

describe('a mirror of changes', () => {
  it('that any statement of breaks ends as one that was not disturbed', async () => {
    const deadlock: MysqlFault = { kind: 'error', code: 1213, at: 'after' };
    const lost: MysqlFault = { kind: 'drop', at: 'after' };
    const rules = [
      again(/^LOAD/, { kind: 'drop in load', bytes: 1000 }),
      again(/^LOAD/, lost),
      again(/^UPDATE .*sluice_sequences/s, deadlock),
      again(/FOR UPDATE/, { kind: 'error', code: 1205, at: 'before' }),
      again(/^DELETE t/, deadlock),
      again(/^UPDATE .*SET t\./s, lost),
      again(/^INSERT INTO [^(]*`t\d+`/, lost),
      again(/^INSERT INTO .*sluice_sequences/s, deadlock),
      again(/^COMMIT/, { kind: 'drop', at: 'before' }),
      again(/^COMMIT/, lost),
    ];
    const struck = await Promise.all(rules.map((rule, index) => mirrorThrough(`t${index}`, 3, [rule])));
    expect(struck).toEqual(rules.map(() => [1]));
    const states = await Promise.all(rules.map((_, index) => stored(`t${index}`)));
    expect(states).toEqual(rules.map(() => stateAfter(3)));
  }, 240_000);

  it('under all faults at random ends as one that was not disturbed', async () => {
    const any = /^(COMMIT|LOAD|INSERT|UPDATE|DELETE|SELECT|START|TRUNCATE)/;
    const often = { chance: 0.02, times: 5 };
    const rules: Rule<MysqlFault>[] = [
      { on: any, fault: { kind: 'drop', at: 'after' }, ...often },
      { on: any, fault: { kind: 'drop', at: 'before' }, ...often },
      { on: /^(LOAD|INSERT|UPDATE|DELETE)/, fault: { kind: 'error', code: 1213, at: 'after' }, ...often },
      { on: /^(LOAD|INSERT|UPDATE|DELETE)/, fault: { kind: 'error', code: 1205, at: 'before' }, ...often },
    ];
    const struck = await mirrorThrough('stormy', 8, rules);
    expect(struck.filter((times) => times > 0)).not.toEqual([]);
    expect(await stored('stormy')).toEqual(stateAfter(8));
  }, 240_000);
});

describe('an append of changes', () => {
  it('under faults adds each change once', async () => {
    await database.execute('CREATE TABLE appended (id INT, name VARCHAR(20))');
    const proxy = await startMysqlProxy(inject('mysql'));
    const sink = await planSink(database, {
      options: { table: 'appended', mode: 'append' },
      columns,
      key: ['id'],
      changes: true,
      connection: { port: proxy.port },
    });
    proxy.plan.use([
      { on: /^LOAD/, fault: { kind: 'drop in load', bytes: 1000 }, nth: 2 },
      { on: /^LOAD/, fault: { kind: 'error', code: 1213, at: 'after' }, nth: 4 },
      { on: /^COMMIT/, fault: { kind: 'drop', at: 'after' }, nth: [2, 4] },
    ]);
    for (let batch = 0; batch < 4; batch++) {
      const changes = changesOf(batch);
      expect(await sink.writeChanges(changes)).toMatchObject({ written: changes.length, rejects: [] });
    }
    expect(proxy.plan.struck()).toEqual([1, 1, 2]);
    expect(await database.query('SELECT COUNT(*) FROM appended')).toEqual([[String(4 * (ITEMS + 1))]]);
    await sink.close();
    await proxy.stop();
  }, 120_000);
});
