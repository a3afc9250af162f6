/** What can befall an export, and how it must end; docs/failure-behaviour.md has a line for each. */
import { exportDone, snapshotTaken } from '../fixtures/export-states.js';
import type { ExportMishap } from './export-trial.js';
import type { Rule } from './fault-plan.js';
import type { HttpFault } from './http-proxy.js';

export interface ExportFault extends ExportMishap {
  readonly name: string;
  /** Tried by every `npm test`. */
  readonly always?: true;
  /** The exit status and the error of the run that it strikes; of one that is complete, nothing. The next run is always complete. */
  readonly ends: 'complete' | readonly [status: number, code: string];
  /** Calls that the run must not have made. */
  readonly never?: readonly string[];
}

function error(on: string, type: string, status = 400, times = 1): Rule<HttpFault> {
  return { on, times, fault: { kind: 'error', status, type } };
}

const asked = { from: { connection: 'prod', tables: ['shop.orders', 'shop.customers'] } };
const orders = 'shop.orders';
const begun = ['CreateDBSnapshot', 'StartExportTask'];

export const exportFaults: readonly ExportFault[] = [
  {
    name: 'the snapshot fails while it is created',
    script: { snapshots: [[{ status: 'creating', percent: 40 }, { status: 'failed' }], snapshotTaken] },
    ends: [4, 'snapshot_failed'],
    never: ['StartExportTask'],
  },
  {
    name: 'the export fails, with a cause',
    always: true,
    script: {
      exports: [
        [
          { status: 'STARTING' },
          { status: 'IN_PROGRESS', percent: 30 },
          { status: 'FAILED', cause: 'no access' },
        ],
        exportDone,
      ],
    },
    ends: [4, 'export_failed'],
    never: ['DeleteDBSnapshot'],
  },
  {
    name: 'somebody cancels the export',
    script: {
      exports: [[{ status: 'IN_PROGRESS' }, { status: 'CANCELING' }, { status: 'CANCELED' }], exportDone],
    },
    ends: [4, 'export_failed'],
    never: ['DeleteDBSnapshot'],
  },
  {
    name: 'a table that RDS calls complete has neither files nor its mark',
    script: { spoiled: [{ kind: 'no objects', table: orders }, undefined] },
    ends: [4, 'export_incomplete'],
  },
  {
    name: 'a Parquet file has no bytes',
    script: { spoiled: [{ kind: 'empty file', table: orders }, undefined] },
    ends: [4, 'export_incomplete'],
  },
  {
    name: 'a Parquet file is cut short',
    script: { spoiled: [{ kind: 'torn file', table: orders }, undefined] },
    ends: [4, 'export_incomplete'],
  },
  {
    name: "RDS's list of the tables is torn",
    script: { spoiled: [{ kind: 'torn info' }, undefined] },
    ends: [4, 'export_incomplete'],
  },
  {
    name: 'RDS wrote no export_info',
    script: { spoiled: [{ kind: 'no info' }, undefined] },
    ends: [4, 'export_incomplete'],
  },
  {
    name: 'a table that was asked for is missing',
    step: asked,
    script: { spoiled: [{ kind: 'left out', table: orders }, undefined] },
    ends: [4, 'export_incomplete'],
  },
  {
    name: 'RDS failed at a table that was asked for',
    step: asked,
    script: { spoiled: [{ kind: 'failed', table: orders }, undefined] },
    ends: [4, 'export_incomplete'],
  },
  {
    name: 'too many exports are in progress (5)',
    rds: [error('StartExportTask', 'ExportTaskLimitReachedFault', 400, 3)],
    ends: 'complete',
  },
  {
    name: 'the quota of manual snapshots is used up (SnapshotQuotaExceeded)',
    step: { patience: 2 },
    rds: [error('CreateDBSnapshot', 'SnapshotQuotaExceeded', 400, 1000)],
    ends: [4, 'quota_exceeded'],
  },
  {
    name: 'there is no such KMS key, or the caller may not look at it',
    rds: [error('DescribeKey', 'NotFoundException')],
    ends: [2, 'kms_key_refused'],
    never: begun,
  },
  {
    name: 'there is no such role',
    rds: [error('GetRole', 'NoSuchEntity', 404)],
    ends: [2, 'role_refused'],
    never: begun,
  },
  {
    name: 'RDS cannot use the key (KMSKeyNotAccessibleFault)',
    rds: [error('StartExportTask', 'KMSKeyNotAccessibleFault')],
    ends: [4, 'kms_key_refused'],
  },
  {
    name: 'the role may not write (IamRoleMissingPermissions)',
    rds: [error('StartExportTask', 'IamRoleMissingPermissions')],
    ends: [4, 'role_refused'],
  },
  {
    name: 'a permission is taken away while the export goes on (AccessDenied)',
    rds: [error('DescribeExportTasks', 'AccessDenied', 403)],
    ends: [4, 'access_denied'],
  },
  {
    name: 'the export is not complete within the deadline (24 hours)',
    always: true,
    step: { deadline: '24h' },
    script: { exports: [[{ status: 'STARTING' }, { status: 'IN_PROGRESS', percent: 1 }]] },
    clockFactor: 1_000_000,
    ends: [4, 'timeout'],
    never: ['DeleteDBSnapshot'],
  },
];
