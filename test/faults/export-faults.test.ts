import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { needsServer } from '../fixtures/servers.js';
import { type AccountContent, type ExportAccount, exportAccount, publishEarlier } from './export-account.js';
import { exportFaults } from './export-faults.js';
import { tryExport } from './export-trial.js';

needsServer('moto');

const script = {
  tables: [
    { name: 'shop.orders', rows: 40, parts: 2 },
    { name: 'shop.customers', rows: 7, parts: 1 },
  ],
};

let account: ExportAccount;
let expected: AccountContent;
beforeAll(async () => {
  account = await exportAccount(script);
  await publishEarlier(account);
  expected = await account.dump();
});
afterAll(() => account?.stop());

const chosen = exportFaults.filter(({ always }) => always || process.env['SLUICE_SWEEP'] === 'all');

test.each(chosen)('an export, and $name: the old stays until the new is proved', async (fault) => {
  const { status, error, output, struck, calls, problems } = await tryExport(account, script, fault);
  if (fault.ends === 'complete') expect(status, output).toBe(0);
  else {
    expect([status, error?.code], output).toEqual(fault.ends);
    expect(error?.hint, output).toBeTruthy();
  }
  expect(struck, 'the fault did not take place').toBe(true);
  expect(calls.filter((call) => fault.never?.includes(call))).toEqual([]);
  expect(problems).toEqual([]);
  expect(await account.dump()).toEqual(expected);
});

test('docs/failure-behaviour.md has each of them and no other', async () => {
  const page = await readFile(resolve(import.meta.dirname, '../../docs/failure-behaviour.md'), 'utf8');
  const [, section = ''] = page.split('## What can befall an export\n');
  const [table = ''] = section.split('\n## ');
  const named = [...table.matchAll(/^\| (?!what \|)([^|]+) \|/gm)].map(([, name]) => name?.trim());
  expect(named.sort()).toEqual(exportFaults.map(({ name }) => name).sort());
});
