/** The built program exports snapshots of an RDS that is not ours: each test is one that a planted mistake must turn red. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ExportGround,
  type Exporting,
  errorsOf,
  exportGround,
  outputOf,
} from '../fixtures/export-ground.js';
import { testDatabase } from '../fixtures/mysql.js';
import { needsServer } from '../fixtures/servers.js';

needsServer('moto');

const LIMIT_MS = 300_000;

let ground: ExportGround;
beforeAll(async () => {
  ground = await exportGround();
}, LIMIT_MS);
afterAll(() => ground?.stop());

/** Ends the program, once, when RDS has begun to export. */
function endedBy({ service }: Exporting, signal: NodeJS.Signals) {
  return (child: ChildProcess): void => {
    const timer = setInterval(() => {
      if (service.exports().length === 0) return;
      clearInterval(timer);
      child.kill(signal);
    }, 20);
    void once(child, 'close').then(() => clearInterval(timer));
  };
}

describe.concurrent('an export', { timeout: LIMIT_MS }, () => {
  it('is published when it is complete, and only then the old goes, by its manifest and its tag', async () => {
    const nightly = await ground.exporting();
    const { step } = nightly;
    await ground.moto.rds('CreateDBSnapshot', {
      DBInstanceIdentifier: 'shop',
      DBSnapshotIdentifier: `${step}-2020-01-01-00-00`,
    });
    const neighbours = [`${step}-2020-01-01-00-00/a.parquet`, `${step}-eu/b.parquet`, 'notes.txt'];
    for (const name of neighbours) await nightly.put(`exports/${name}`, 'theirs');
    await nightly.put('exports-other/c.parquet', 'theirs');

    const first = outputOf(await nightly.run(0));
    expect(first).toMatchObject({ tables: 3, files: 3, rows: 25, skipped: [], snapshot: first['export'] });
    expect(first['export']).toMatch(new RegExp(`^${step}(-\\d+){5}$`));
    const second = await nightly.run(0);
    const { steps } = second.events.at(-1) as unknown as { steps: object[] };
    expect(steps[0]).toMatchObject({ outcome: 'complete', read: 25, written: 25, unchanged: 0, rejected: 0 });
    const name = outputOf(second)['export'] as string;
    // In the same minute it has the seconds, too; in the next it has another minute.
    expect(name).toMatch(new RegExp(`^${step}(-\\d+){5,6}$`));
    expect(name).not.toBe(first['export']);

    const latest = await nightly.latest();
    expect(latest).toMatchObject({ export: name, kept: [], asOf: expect.stringMatching(/Z$/) });
    expect(latest?.tables.map(({ name: table, rows }) => [table, rows])).toEqual([
      ['shop.orders', 20],
      ['shop.empty', 0],
      ['shop.customers', 5],
    ]);
    const folders = (await nightly.objects()).map((object) => object.split('/')[0]);
    expect([...new Set(folders)].sort()).toEqual(
      ['LATEST.json', name, ...neighbours.map((each) => each.split('/')[0])].sort(),
    );
    expect((await ground.snapshots(step)).toSorted()).toEqual([`${step}-2020-01-01-00-00`, name].sort());
    const other = await ground.moto.s3(`/${nightly.bucket}/exports-other/c.parquet`);
    expect(await other.text()).toBe('theirs');
  });

  it('of a cluster keeps as many as it is told to', async () => {
    const nightly = await ground.exporting({
      database: { cluster: 'aurora' },
      step: { keep: { exports: 2, snapshots: 0 } },
    });
    const names = [];
    for (let run = 0; run < 3; run++) names.push(outputOf(await nightly.run(0))['export']);
    expect(await nightly.latest()).toMatchObject({ export: names[2], kept: [names[1]] });
    const folders = new Set((await nightly.objects()).map((object) => object.split('/')[0]));
    expect([...folders].sort()).toEqual(['LATEST.json', names[1], names[2]].sort());
    expect(await ground.snapshots(nightly.step, 'DBClusterSnapshot')).toEqual([]);
  });

  it('with `layout: newest-only` lies below newest/ too, alone', async () => {
    const nightly = await ground.exporting({ step: { layout: 'newest-only' } });
    for (let run = 0; run < 2; run++) {
      const { export: name } = outputOf(await nightly.run(0));
      const objects = await nightly.objects();
      const own = objects.filter(
        (object) => object.startsWith(`${name}/`) && !object.endsWith('manifest.json'),
      );
      const shown = objects.filter((object) => object.startsWith('newest/'));
      expect(shown.sort()).toEqual(own.map((object) => `newest/${object}`).sort());
    }
  });

  it('that counts names the table of the database that it lacks', async () => {
    const database = await testDatabase('exported');
    try {
      for (const table of ['orders', 'customers', 'empty', 'ghost']) {
        await database.execute(`CREATE TABLE ${table} (id INT PRIMARY KEY)`);
      }
      const named = (table: string, rows: number) => ({ name: `${database.name}.${table}`, rows, parts: 1 });
      const tables = [named('orders', 3), named('customers', 1), named('empty', 0)];
      const nightly = await ground.exporting({
        script: { tables },
        step: { count: { connection: 'shop' } },
        connections: { shop: database.connection },
      });
      const planned = (await nightly.plan()).events.find(({ event }) => event === 'plan');
      expect(planned?.['permissions']).toContainEqual({
        action: 'SELECT',
        resource: `${database.name}.ghost`,
        grantOn: `\`${database.name}\`.\`ghost\``,
        reason: 'sees that the table is there, and about how many rows it has',
      });
      const failed = await nightly.run(4);
      expect(errorsOf(failed)[0]).toMatchObject({
        code: 'export_incomplete',
        message: expect.stringContaining(`it lacks ${database.name}.ghost`),
      });
      await database.execute('DROP TABLE ghost');
      expect(outputOf(await nightly.run(0))).toMatchObject({ tables: 3, rows: 4 });
    } finally {
      await database.drop();
    }
  });

  it('of a cluster itself takes no snapshot', async () => {
    const nightly = await ground.exporting({ database: { cluster: 'aurora' }, step: { direct: true } });
    expect(outputOf(await nightly.run(0))).toMatchObject({ snapshot: null, rows: 25 });
    expect(await ground.snapshots(nightly.step, 'DBClusterSnapshot')).toEqual([]);
  });

  it('of chosen tables has these, and no others', async () => {
    const nightly = await ground.exporting({ from: { tables: ['shop.customers', 'shop.empty'] } });
    expect(outputOf(await nightly.run(0))).toMatchObject({ tables: 2, rows: 5 });
    expect((await nightly.objects()).some((object) => object.includes('orders'))).toBe(false);
  });

  it('tells a call behind it what it has published, and the picture what became of it', async () => {
    const nightly = await ground.exporting({
      steps: (step) => [
        {
          call: 'tell',
          run: ['cat'],
          when: `steps['${step}'].written == 25`,
          input: { export: `{{ steps['${step}'].output.export }}` },
        },
      ],
    });
    const run = await nightly.run(0);
    const told = run.events.find(({ event, step }) => event === 'ended' && step === 'tell');
    expect(told?.['output']).toEqual({ export: outputOf(run)['export'] });
    const drawn = await nightly.project.command('draw');
    expect(drawn.stdout).toContain('25 rows');
    const runs = await nightly.project.command('runs');
    expect(runs.events[0]).toMatchObject({
      outcome: 'complete',
      steps: [{ name: nightly.step, outcome: 'complete', read: 25 }, { name: 'tell' }],
    });
  });

  it('names what RDS left out where nobody asked for it', async () => {
    const nightly = await ground.exporting({
      script: { spoiled: [{ kind: 'skipped', table: 'shop.customers' }] },
    });
    const { skipped, tables } = outputOf(await nightly.run(0));
    expect(tables).toBe(2);
    expect(String(skipped)).toContain('shop.customers: SKIPPED');
  });
});

describe.concurrent('what is not complete', { timeout: LIMIT_MS }, () => {
  it.each([
    ['lacks a table that was asked for', { kind: 'left out', table: 'shop.customers' } as const],
    ['has a file without bytes', { kind: 'empty file', table: 'shop.customers' } as const],
  ])('%s: the one before stays, and the next run mends it', async (_, spoiled) => {
    const tables = ['shop.customers', 'shop.orders'];
    const nightly = await ground.exporting({
      from: { tables },
      script: { spoiled: [undefined, spoiled, undefined] },
    });
    const first = outputOf(await nightly.run(0))['export'];
    const failed = await nightly.run(4);
    expect(errorsOf(failed)[0]).toMatchObject({ code: 'export_incomplete' });
    expect(await nightly.latest()).toMatchObject({ export: first });
    const third = outputOf(await nightly.run(0));
    // The same snapshot, exported once more.
    expect(third['snapshot']).not.toBe(third['export']);
    const folders = new Set((await nightly.objects()).map((object) => object.split('/')[0]));
    expect([...folders].sort()).toEqual(['LATEST.json', third['export']].sort());
    expect(await ground.snapshots(nightly.step)).toEqual([third['snapshot']]);
  });

  it('a snapshot that fails is taken again, and goes with the next success', async () => {
    const nightly = await ground.exporting({
      script: { snapshots: [[{ status: 'creating' }, { status: 'failed' }], [{ status: 'available' }]] },
    });
    expect(errorsOf(await nightly.run(4))[0]).toMatchObject({ code: 'snapshot_failed' });
    const { snapshot } = outputOf(await nightly.run(0));
    expect(await ground.snapshots(nightly.step)).toEqual([snapshot]);
  });

  it('an export that fails or is canceled is begun again by `retry`, of the same snapshot', async () => {
    const nightly = await ground.exporting({
      step: { retry: { attempts: 3, backoff: 1 } },
      script: {
        exports: [
          [{ status: 'STARTING' }, { status: 'FAILED', cause: 'the role may not write' }],
          [{ status: 'CANCELED' }],
          [{ status: 'COMPLETE' }, { status: 'IN_PROGRESS', percent: 1 }, { status: 'COMPLETE' }],
        ],
      },
    });
    const run = await nightly.run(0);
    expect(run.events.filter(({ event }) => event === 'started')).toHaveLength(3);
    expect(nightly.service.exports()).toHaveLength(3);
    const { export: name, snapshot } = outputOf(run);
    expect(name).not.toBe(snapshot);
    expect(await ground.snapshots(nightly.step)).toEqual([snapshot]);
  });
});

describe.concurrent('a run that was ended', { timeout: LIMIT_MS }, () => {
  /** Slow enough to be ended in the middle of. */
  const slow = {
    exports: [[...Array(40).fill({ status: 'IN_PROGRESS', percent: 5 }), { status: 'COMPLETE' }]],
  };

  it.each([
    ['SIGKILL', null, 'killed or under way'],
    ['SIGTERM', 143, 'interrupted'],
  ] as const)('by %s is gone on with, and begins nothing twice', async (signal, status, outcome) => {
    const nightly = await ground.exporting({ script: slow });
    await nightly.run(status, endedBy(nightly, signal));
    const [begun] = nightly.service.exports();
    expect((await nightly.project.command('runs')).events[0]).toMatchObject({ outcome, resumable: true });
    const run = await nightly.run(0);
    expect(run.events[0]).toMatchObject({ event: 'resumed' });
    expect(nightly.service.exports()).toHaveLength(1);
    expect(outputOf(run)).toMatchObject({ export: begun?.[0], snapshot: begun?.[0] });
  });

  it('and given up with --fresh leaves nothing behind once the next has published', async () => {
    const nightly = await ground.exporting({
      script: { exports: [...slow.exports, [{ status: 'STARTING' }, { status: 'COMPLETE' }]] },
    });
    await nightly.run(null, endedBy(nightly, 'SIGKILL'));
    const second = outputOf(await nightly.run(0, undefined, '--fresh'));
    // What goes on in RDS is ended first; its objects and its claim go with the next success.
    expect(nightly.service.exports()[0]?.[1]).toBe('CANCELING');
    const third = outputOf(await nightly.run(0));
    const folders = new Set((await nightly.objects()).map((object) => object.split('/')[0]));
    expect([...folders].sort()).toEqual(['LATEST.json', third['export']].sort());
    expect(second['export']).not.toBe(third['export']);
    expect(await ground.snapshots(nightly.step)).toEqual([third['snapshot']]);
  });
});
