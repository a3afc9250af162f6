import { expect, test } from 'vitest';
import type { StoredObject } from '../store.js';
import { contentsOf } from './info-files.js';

const name = 'shop-2026-11-21-06-00';

function object(inside: string, bytes = 10): StoredObject {
  return { name: `${name}/${inside}`, bytes, version: inside };
}

/** An export with these table statuses and files. */
async function contents(
  statuses: readonly object[],
  files: readonly string[],
  whole: object = { exportTaskIdentifier: name, status: 'COMPLETE', percentProgress: 100 },
) {
  const texts = new Map([
    [`export_info_${name}.json`, JSON.stringify(whole)],
    [
      `export_tables_info_${name}_from_1_to_2.json`,
      JSON.stringify({ perTableStatus: statuses.slice(0, 2), more: 1 }),
    ],
    [`export_tables_info_${name}_from_3_to_4.json`, JSON.stringify({ perTableStatus: statuses.slice(2) })],
  ]);
  const objects = [...texts.keys(), ...files].map((inside) => object(inside));
  return await contentsOf(name, objects, async ({ version }) => texts.get(version) ?? '');
}

const orders = { target: 'shop.orders', status: 'COMPLETE', tableStatistics: {} };
const part = 'shop/shop.orders/1/part-00000-a.gz.parquet';

test('tables of all info files are found with their files, whichever way RDS spells them', async () => {
  const { tables, others, warnings } = await contents(
    [
      orders,
      { target: 'shop.shop.customers', status: 'COMPLETE', tableStatistics: {} },
      { target: 'main.public.my table', status: 'COMPLETE' },
      { target: 'shop', warningMessage: 'Table a/b was skipped.' },
    ],
    [
      part,
      'shop/shop.orders/1/_SUCCESS',
      'shop/shop.customers/1/_success',
      'main/public.my_table/2/part-00000-b.gz.parquet',
    ],
  );
  expect(tables.map((table) => ({ ...table, files: table.files.length }))).toEqual([
    { name: 'shop.orders', files: 1, marked: true },
    { name: 'shop.customers', files: 0, marked: true },
    { name: 'main.public.my table', files: 1, marked: false },
  ]);
  expect(others.map(({ version }) => version)).toContain('shop/shop.orders/1/_SUCCESS');
  expect(warnings).toEqual(['shop: Table a/b was skipped.']);
});

test('a table that RDS does not call complete says why', async () => {
  const { tables } = await contents(
    [orders, { target: 'shop.wide', status: 'SKIPPED', warningMessage: 'A row is too large.' }],
    [part],
  );
  expect(tables[1]).toMatchObject({
    name: 'shop.wide',
    incomplete: 'SKIPPED: A row is too large.',
    files: [],
  });
});

test.each([
  ['of another export', { exportTaskIdentifier: 'other', status: 'COMPLETE' }, 'of another export'],
  ['still in progress', { exportTaskIdentifier: name, status: 'IN_PROGRESS' }, 'says IN_PROGRESS'],
  ['not at its end', { exportTaskIdentifier: name, status: 'COMPLETE', percentProgress: 99 }, '99 %'],
  ['of no known form', { status: 'COMPLETE' }, 'not of a form that this version knows'],
])('an export_info that is %s is refused', async (_, whole, message) => {
  await expect(contents([orders], [part], whole)).rejects.toMatchObject({
    code: 'export_incomplete',
    message: expect.stringContaining(message),
  });
});

test('files of a table that RDS does not mention are refused', async () => {
  await expect(contents([orders], [part, 'shop/shop.ghost/1/part-00000-c.parquet'])).rejects.toMatchObject({
    code: 'export_incomplete',
    message: expect.stringContaining('shop/shop.ghost'),
  });
});

test('an export without its info files is refused', async () => {
  const read = async () => '';
  await expect(contentsOf(name, [object(part)], read)).rejects.toMatchObject({ code: 'export_incomplete' });
});
