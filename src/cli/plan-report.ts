import pc from 'picocolors';
import type { Finding, Permission } from '../connectors/connector.js';
import { forecast } from '../engine/forecast.js';
import { type CopyPlan, isPlanned } from '../engine/plan.js';
import {
  type PlannedStep,
  type PreparedCopy,
  preparedCopies,
  preparedExports,
  preparedReplicates,
} from '../flow/plan.js';
import { type PlannedVia, queueOf } from '../flow/plan-via.js';
import { columnLines } from './column-lines.js';
import { exportEvent, exportText } from './export-report.js';
import { findingLines } from './finding-lines.js';
import type { Io } from './io.js';
import { isPlainSeries, treeEvents, treeLines } from './plan-tree.js';
import { replicateEvent, replicateText } from './replicate-report.js';
import { bytesText, count, dollarsText, durationText } from './text.js';

/**
 * What `sluice plan` prints: the tree of the steps, where it is more than a series of copies; each copy with its
 * ends, columns, size, findings; each export.
 */
export function planText(steps: readonly PlannedStep[], color: boolean): string {
  const copies = preparedCopies(steps);
  const declared = steps.map(({ step }) => step);
  const tree = isPlainSeries(declared) ? [] : [['steps', ...treeLines(declared, '  ')].join('\n')];
  const replicates = preparedReplicates(steps);
  const exports = preparedExports(steps);
  const blocks = [
    ...copies.map((copy) => copyText(copy, color)),
    ...replicates.map((replicate) => replicateText(replicate, color)),
    ...exports.map((each) => exportText(each, color)),
  ];
  return [...tree, ...blocks].join('\n\n');
}

/** The same for programs. */
export function planEvents(steps: readonly PlannedStep[]): object[] {
  const copies = preparedCopies(steps).map((copy) => {
    const { name, planned, early, via } = copy;
    if (!isPlanned(planned)) return { event: 'plan', step: name, findings: planned.findings };
    const { description, sinkPlan, uniqueness, findings } = planned;
    return {
      event: 'plan',
      step: name,
      from: {
        name: description.name,
        columns: description.columns.length,
        open: description.open,
        key: description.key,
      },
      to: { name: sinkPlan.name, exists: sinkPlan.exists, creates: sinkPlan.creates, key: sinkPlan.key },
      ...(via ? { via: viaEvent(via) } : {}),
      ...forecast(planned),
      early,
      consistency: description.consistency,
      parallel: planned.step.parallel,
      unique: uniqueness,
      columns: sinkPlan.journeys,
      findings,
      permissions: permissionsOf(copy),
    };
  });
  const replicates = preparedReplicates(steps).map(replicateEvent);
  const exports = preparedExports(steps).map(exportEvent);
  return [...treeEvents(steps.map(({ step }) => step)), ...copies, ...replicates, ...exports];
}

function copyText({ name, planned, early, via }: PreparedCopy, color: boolean): string {
  const colors = pc.createColors(color);
  if (!isPlanned(planned)) return [colors.bold(name), ...findingLines(planned.findings, color)].join('\n');
  const { description, sinkPlan } = planned;
  const lines = [
    `${colors.bold(name)}: ${description.name} → ${sinkPlan.name}`,
    `  ${sizeLine(planned)}`,
    ...(via ? [viaLine(via)] : []),
    `  read: ${description.consistency}${early ? ' (the table is made by an earlier step; planned again before it runs)' : ''}`,
    `  key: ${keyLine(planned, via)}`,
  ];
  return [...lines, ...columnLines(planned), ...findingLines(planned.findings, color)].join('\n');
}

/** What lies between the ends. */
function viaEvent(via: PlannedVia): object {
  const { half } = via;
  const { name, redrive, visibilitySeconds, retentionSeconds, maxMessageBytes, waiting, inFlight } =
    queueOf(via);
  const times = { visibilitySeconds, retentionSeconds, maxMessageBytes };
  return { half, queue: name, redrive, ...times, waiting, inFlight };
}

const halves = { send: 'sends only', receive: 'receives only', both: 'sends and receives' } as const;

function viaLine(via: PlannedVia): string {
  const { name, redrive, visibilitySeconds, retentionSeconds, waiting, inFlight } = queueOf(via);
  const after = redrive?.maxReceives === undefined ? '' : ` after ${redrive.maxReceives} receives`;
  const parts = [
    halves[via.half],
    redrive ? `redrive: ${redrive.name}${after}` : 'no redrive queue',
    `hidden for ${durationText(visibilitySeconds)}`,
    `kept for ${durationText(retentionSeconds)}`,
    `about ${count(waiting)} waiting, ${count(inFlight)} in flight`,
  ];
  return `  via: ${name} · ${parts.join(' · ')}`;
}

function sizeLine(plan: CopyPlan): string {
  const { rows, bytes, readUnits, writeUnits, dollars, seconds, boundBy } = forecast(plan);
  const parts = [
    rows === undefined ? 'rows unknown' : `about ${count(rows)} rows`,
    bytes === undefined ? '' : bytesText(bytes),
    readUnits === undefined ? '' : `${count(readUnits)} read units`,
    writeUnits === undefined ? '' : `${count(writeUnits)} write units`,
    dollars === undefined ? '' : `about ${dollarsText(dollars)} on demand (us-east-1)`,
    seconds === undefined ? '' : `at least ${durationText(seconds)} (${boundBy})`,
    `${plan.step.parallel} writers`,
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

function keyLine(plan: CopyPlan, via: PlannedVia | undefined): string {
  const { key } = plan.sinkPlan;
  if (key.length === 0) return 'none: every row is a new one';
  if (via?.half === 'receive') return `${key.join(', ')} (of messages with one key the newest stays)`;
  const { uniqueness } = plan;
  const proof =
    uniqueness === 'index'
      ? 'unique by an index'
      : uniqueness === 'counted'
        ? 'unique by counting'
        : uniqueness === undefined
          ? 'its rows are counted before the step runs'
          : 'not proved unique';
  return `${key.join(', ')} (${proof})`;
}

function permissionsOf({ planned, listing = [] }: PreparedCopy): readonly Permission[] {
  if (!isPlanned(planned)) return [];
  return [...listing, ...planned.description.permissions, ...planned.sinkPlan.permissions];
}

/**
 * Warnings of all copies, replicates and exports, for a run, and that it goes another way than the deployed pipeline: what a
 * person should know before it goes on.
 */
export function warningLines(steps: readonly PlannedStep[], color: boolean): string[] {
  const prepared = [...preparedCopies(steps), ...preparedReplicates(steps), ...preparedExports(steps)];
  return prepared.flatMap(({ name, planned }) => {
    const warnings = planned.findings.filter(({ level, path }) => level === 'warn' || path === 'via');
    return warnings.length === 0 ? [] : [name, ...findingLines(warnings, color)];
  });
}

/** Says every refusal: nothing was written. */
export function reportRefusals(
  refused: readonly { readonly name: string; readonly finding: Finding }[],
  io: Io,
  json: boolean,
  end = 'refused: nothing was written',
): void {
  for (const { name, finding } of refused) {
    if (json) io.out(JSON.stringify({ event: 'error', step: name, ...finding }));
    else io.err([name, ...findingLines([finding], io.color)].join('\n'));
  }
  if (!json) io.err(end);
}
