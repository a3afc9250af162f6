import { afterAll, beforeAll, expect, test } from 'vitest';
import { sluice } from '../fixtures/cli.js';
import { type ExportGround, exportGround } from '../fixtures/export-ground.js';
import { needsServer } from '../fixtures/servers.js';

needsServer('moto');

const LIMIT_MS = 300_000;
let ground: ExportGround;

beforeAll(async () => {
  ground = await exportGround();
}, LIMIT_MS);
afterAll(() => ground?.stop());

test(
  'the statements for a snapshot name all tables of the newest export, and its folder',
  async () => {
    const nightly = await ground.exporting({ step: { keep: { exports: 2 } } });
    const { folder, file } = nightly.project;
    const printed = async (...args: readonly string[]) => {
      const { status, stdout, stderr } = await sluice([...args.slice(0, 1), file, ...args.slice(1)], {
        cwd: folder,
      });
      return { status, text: status === 0 ? stdout : stderr };
    };
    try {
      expect(await printed('snowflake')).toMatchObject({
        status: 2,
        text: expect.stringContaining('has published nothing yet'),
      });
      await nightly.run(0);
      const latest = await nightly.latest();
      const place = `s3://${nightly.bucket}/exports/`;

      const { text: duckdb } = await printed('duckdb');
      const views = [...duckdb.matchAll(/VIEW "(\w+)"/g)].map(([, name]) => name);
      expect(views.sort()).toEqual(['customers', 'orders']);
      expect(duckdb).toContain('-- left out: shop.empty has no rows');
      expect(duckdb).toContain(`read_json('${place}LATEST.json'`);

      const { text: whole } = await printed('snowflake');
      expect(whole.match(/^CREATE TABLE IF NOT EXISTS "\w+" \(\n {2}"id" NUMBER\(20, 0\),$/gm)).toHaveLength(
        2,
      );
      expect(whole).toContain('-- left out: shop.empty has no rows');
      const { text: snowflake } = await printed('snowflake', '--table', 'orders', '--upper');
      expect(snowflake).toContain(
        'CREATE TABLE IF NOT EXISTS "ORDERS" (\n  "ID" NUMBER(20, 0),\n  "V" VARCHAR\n);',
      );
      expect(snowflake).not.toContain('CUSTOMERS');

      const { text: athena } = await printed('athena', '--switch', '--table', 'shop.customers');
      expect(athena).toContain(`SET LOCATION '${place}${latest?.export}/shop/shop.customers/1/';`);
      expect(athena).not.toContain('ATTENTION');
      const { text: ddl } = await printed('athena');
      expect(ddl).toContain('EXISTS `orders` (\n  `id` bigint,\n  `v` string\n)\nSTORED AS PARQUET\n');
      expect(ddl).toContain('-- left out: shop.empty has no rows');
      expect(ddl).not.toContain('`empty`');
    } finally {
      await nightly.project.remove();
    }
  },
  LIMIT_MS,
);
