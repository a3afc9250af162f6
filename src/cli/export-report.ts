import pc from 'picocolors';
import { exportName } from '../engine/export/export-name.js';
import { type ExportPlan, isExportPlan, placePermissions } from '../engine/export/export-plan.js';
import { exportForecast } from '../engine/export/price.js';
import type { PreparedExport } from '../flow/plan-export.js';
import { findingLines } from './finding-lines.js';
import { durationText } from './text.js';

/** What `sluice plan` prints of an export. */
export function exportText(prepared: PreparedExport, color: boolean): string {
  const { name, planned, firingTime } = prepared;
  const colors = pc.createColors(color);
  const findings = findingLines(planned.findings, color);
  if (!isExportPlan(planned)) return [colors.bold(name), ...findings].join('\n');
  const { description, place, step } = planned;
  const { price, time } = exportForecast(description.gib, prepared.lastSeconds);
  return [
    `${colors.bold(name)}: ${description.name} → ${place.name}`,
    `  ${description.engine} ${description.engineVersion} · ${price}`,
    `  time: ${time}; looks every ${durationText(step.pollSeconds)}, for ${durationText(step.deadlineSeconds)} at most`,
    `  name: ${namesText(planned, firingTime)}`,
    `  tables: ${tablesText(planned)}`,
    `  stays: ${keepText(planned)}`,
    ...findings,
  ].join('\n');
}

/** The same for programs. */
export function exportEvent({ name, planned, firingTime, lastSeconds }: PreparedExport): object {
  if (!isExportPlan(planned)) return { event: 'plan', step: name, findings: planned.findings };
  const { description, place, step, order, counted, findings } = planned;
  const { dollars, time } = exportForecast(description.gib, lastSeconds);
  return {
    event: 'plan',
    step: name,
    from: { name: description.name, engine: description.engine, version: description.engineVersion },
    to: { name: place.name },
    export: exportName(name, firingTime, []),
    direct: step.direct,
    tables: order.tables,
    ...(counted === undefined ? {} : { expected: counted.tables }),
    ...(description.gib === undefined ? {} : { gib: description.gib }),
    ...(dollars === undefined ? {} : { dollars }),
    time,
    keep: step.keep,
    ...(step.layout === undefined ? {} : { layout: step.layout }),
    findings,
    permissions: [...description.permissions, ...placePermissions(planned), ...(counted?.permissions ?? [])],
  };
}

function namesText({ name, step }: ExportPlan, firingTime: string): string {
  const what = step.direct ? 'the export is' : 'the snapshot and its export are';
  return `${what} called ${exportName(name, firingTime, [])} (with seconds, where that is taken)`;
}

function tablesText({ order, counted }: ExportPlan): string {
  const chosen = order.tables.length === 0 ? 'all' : order.tables.join(', ');
  return counted === undefined
    ? chosen
    : `${chosen}; the database has ${counted.tables.length} to compare with`;
}

function keepText({ step: { keep, direct, layout } }: ExportPlan): string {
  const snapshots = direct ? '' : `, ${keep.snapshots} of the snapshots of this step`;
  const copy =
    layout === undefined
      ? ''
      : '; the newest is copied below newest/ (while it is switched, readers there find both)';
  return `${keep.exports} of the exports${snapshots}${copy}; the old go once the new one is checked and published`;
}
