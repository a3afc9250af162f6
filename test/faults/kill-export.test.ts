/** A whole export, with one published before it, is killed at moments of its talk with RDS, KMS, IAM and S3, and run again. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ExportScript } from '../fixtures/export-service.js';
import { needsServer } from '../fixtures/servers.js';
import { type ExportAccount, exportAccount, publishEarlier } from './export-account.js';
import { observed } from './export-observer.js';
import { sweep } from './kill-sweep.js';
import { sweepExtent } from './sweep-extent.js';

needsServer('moto');

/** As many points as the suite has time for, of calls that change something. */
const extent = sweepExtent(2);
const CHANGES = /Create|Start|Put|Delete/;

const script: ExportScript = {
  tables: [
    { name: 'shop.orders', rows: 40, parts: 3 },
    { name: 'shop.customers', rows: 7, parts: 1 },
    { name: 'shop.empty', rows: 0, parts: 1 },
  ],
};

const variants: readonly (readonly [named: string, step: object])[] = [
  ['export', {}],
  ['export with newest-only', { layout: 'newest-only' }],
  ['export of a cluster itself', { direct: true, keep: { exports: 1 } }],
];
const chosen = variants.slice(0, extent.isWhole ? variants.length : 1);

let account: ExportAccount;
beforeEach(async () => {
  account = await exportAccount(script);
});
afterEach(() => account?.stop());

test.each(chosen)(
  'killed at any moment and run again, an %s leaves what an undisturbed one leaves, and a reader never finds none',
  async (_named, step) => {
    await publishEarlier(account, step);
    const result = await sweep(
      {
        declaration: account.declaration(step),
        reset: () => account.reset(script),
        dump: () => account.dump(),
        observe: () => observed(account.place),
      },
      { rds: account.rds, s3: account.s3 },
      extent,
      extent.isWhole ? undefined : CHANGES,
    );
    expect(result.failures).toEqual([]);
    expect(result.killed).toBeGreaterThanOrEqual(result.tried / 2);
  },
  7_200_000,
);
