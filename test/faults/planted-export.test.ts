/** The mistakes of the system that `export` replaces: each is planted in the program, and what looks at exports sees it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { needsServer } from '../fixtures/servers.js';
import { type AccountContent, type ExportAccount, exportAccount, publishEarlier } from './export-account.js';
import { type ExportMishap, tryExport } from './export-trial.js';
import { type Seed, withPlanted } from './planted-program.js';

needsServer('moto');

interface ExportPlant extends Seed {
  readonly mishap?: ExportMishap;
  readonly seen: RegExp;
}

const publishing = "run.progress.stage = 'publishes';";

const plants: readonly ExportPlant[] = [
  {
    fault: 'h: the old export is deleted before the new one is published',
    file: 'engine/export/run-export.js',
    find: publishing,
    plant: `${publishing}
      const before = JSON.parse((await plan.store.readText('LATEST.json')).text);
      await plan.store.remove(before.tables.flatMap((table) => table.files.map((file) => file.name)));`,
    seen: /parquet is not there/,
  },
  {
    fault: 'h: a prefix without its slash deletes the neighbours',
    file: 'engine/export/remove-old.js',
    find: 'await removeFailed(plan, run, published);',
    plant: `for await (const { name } of store.list(step.name))
      if (!name.startsWith(published.export)) await store.remove([name]);
    await removeFailed(plan, run, published);`,
    seen: /the account differs/,
  },
  {
    fault: 'h: what RDS calls complete is published before it is checked',
    file: 'engine/export/run-export.js',
    find: 'const checked = await check(plan, run, complete);',
    plant: `const files = [];
      for await (const object of plan.store.list(complete.point.export + '/')) files.push(object);
      await publishExport(plan, run, complete, { tables: [{ name: 'all', rows: 1, files }], others: [], skipped: [] });
      const checked = await check(plan, run, complete);`,
    mishap: { script: { spoiled: [{ kind: 'torn file', table: 'shop.orders' }] } },
    seen: /what was not proved is published/,
  },
  {
    fault: "h: other people's snapshots are waited for",
    file: 'connectors/rds/database.js',
    find: '(await page({ DBSnapshotIdentifier: name })).found.find(named(name))',
    plant:
      '((all) => all.find(({ status }) => status === "creating") ?? all.find(named(name)))((await page({})).found)',
    mishap: { step: { deadline: '24h' }, clockFactor: 100_000 },
    seen: /exit 4.*timeout/s,
  },
  {
    fault: 'h: snapshots pile up',
    file: 'engine/export/remove-old.js',
    find: 'if (!step.direct)',
    plant: 'if (step.direct)',
    seen: /the account differs/,
  },
];

const script = { tables: [{ name: 'shop.orders', rows: 40, parts: 2 }] };

let account: ExportAccount;
let expected: AccountContent;
beforeAll(async () => {
  account = await exportAccount(script);
  await publishEarlier(account);
  expected = await account.dump();
});
afterAll(() => account?.stop());

/** What is seen of an export by this program. */
async function seenOf(program: string, mishap: ExportMishap): Promise<string> {
  const { problems } = await tryExport(account, script, mishap, { program, once: true });
  const isSame = JSON.stringify(await account.dump()) === JSON.stringify(expected);
  return [...problems, ...(isSame ? [] : ['the account differs'])].join('\n');
}

test('nothing is seen of a program in which nothing is planted', async () => {
  expect(await withPlanted(undefined, (program) => seenOf(program, {}))).toBe('');
});

test.each(plants)('it is seen when $fault', async ({ mishap = {}, seen, ...seed }) => {
  expect(await withPlanted(seed, (program) => seenOf(program, mishap))).toMatch(seen);
});
