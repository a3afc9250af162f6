import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';
import { dynamodbCall } from '../fixtures/dynamodb.js';
import { testDatabase } from '../fixtures/mysql.js';

const root = resolve(import.meta.dirname, '../..');

test('npm start moves a shop there and back, proves it equal, and leaves nothing', async () => {
  const { host, port, user, password } = inject('mysql');
  const demo = `process.exitCode = await (await import('./dist/local/demo.js')).demo(['--orders', '300'])`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', demo], {
    cwd: root,
    env: {
      ...process.env,
      SLUICE_MYSQL_URL: `mysql://${user}:${password}@${host}:${port}`,
      SLUICE_DYNAMODB_URL: inject('dynamodb').endpoint,
    },
  });
  const proof = stdout.slice(stdout.indexOf('Proved'));
  expect(proof).toMatch(/orders +300 +300 +300 +(\d+) +\1 +equal/);
  expect(proof).toMatch(/customers +30 +30 +30 +(\d+) +\1 +equal/);

  expect(stdout).toMatch(
    /30 of 30 chosen customers came through the queue into customers-sample, 40 a second; 0 of them show/,
  );

  expect(stdout).toMatch(/700 changes followed: 300 baskets in DynamoDB, 300 in the report/);

  const [, parquet = ''] = stdout.split('Parquet, by DuckDB');
  expect(parquet).toMatch(/orders: rows +300 +300 +equal/);
  expect(parquet).toMatch(/orders: sum of tax_exact, 38 digits +(-?[\d.]+) +\1 +equal/);
  expect(parquet.match(/ equal$/gm)).toHaveLength(6);

  const database = await testDatabase();
  expect(await database.query("SHOW DATABASES LIKE 'sluice\\_demo\\_%'")).toEqual([]);
  await database.drop();
  for (const TableName of ['shop-orders', 'shop-customers', 'customers-sample', 'demo-baskets']) {
    await expect(dynamodbCall('DescribeTable', { TableName })).rejects.toThrow(/ResourceNotFoundException/);
  }
  expect(existsSync(resolve(root, 'examples/.sluice'))).toBe(false);
});
