import pc from 'picocolors';
import { readDollars } from '../engine/forecast.js';
import type { FoundDifference, Verification } from '../engine/verify/verification.js';
import type { ComparableCopy } from '../flow/verify.js';
import type { VerifyReport } from '../journal/verify-reports.js';
import { bytesText, count, durationText, table } from './text.js';

/** Differences that are printed for each step; the report has the others. */
const MAX_SHOWN = 20;

interface SideCost {
  readonly rows?: number;
  readonly bytes?: number;
  readonly units?: number;
}

/** What reading both sides will cost, before anything is read. */
export function costText(copies: readonly ComparableCopy[], sample: number | undefined): string {
  const lines = copies.flatMap(({ copy, plan, comparison }) => [
    `${copy.name}: ${plan.description.name} ⇄ ${plan.sinkPlan.name} (${comparison.rule})`,
    `  reads ${sideText(plan.description)} of the source, ${sample === undefined ? sideText(comparison) : `${count(sample)} rows`} of the sink${dollarText(plan.description, sample === undefined ? comparison : {})}`,
  ]);
  if (sample !== undefined)
    lines.push(`a sample: ${count(sample)} random rows of each step; the others are not looked at`);
  return lines.join('\n');
}

function sideText({ rows, bytes, units }: SideCost): string {
  const parts = [
    rows === undefined ? 'all rows' : `about ${count(rows)} rows`,
    bytes === undefined ? '' : bytesText(bytes),
    units === undefined ? '' : `${count(units)} read units`,
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

function dollarText(source: SideCost, sink: SideCost): string {
  if (source.units === undefined && sink.units === undefined) return '';
  const dollars = readDollars((source.units ?? 0) + (sink.units ?? 0));
  return ` · about $${dollars.toFixed(2)} on demand (us-east-1)`;
}

/** The same for programs. */
export function costEvents(copies: readonly ComparableCopy[], sample: number | undefined): object[] {
  return copies.map(({ copy, plan, comparison }) => {
    const cost = ({ rows, bytes, units }: SideCost) => ({ rows, bytes, units });
    return {
      event: 'cost',
      step: copy.name,
      rule: comparison.rule,
      source: cost(plan.description),
      sink: sample === undefined ? cost(comparison) : { rows: sample },
      sample,
    };
  });
}

/** What was found, for people: a line for each step, and the first differing rows. */
export function verifyText(
  { steps, skipped = [] }: Pick<VerifyReport, 'steps' | 'skipped'>,
  { show, color }: { readonly show: boolean; readonly color: boolean },
): string {
  const header = [
    'step',
    'result',
    'equal',
    'missing',
    'extra',
    'changed',
    'rejected',
    'settled',
    'units',
    'time',
  ];
  const rows = steps.map((step) => [
    step.name,
    resultOf(step),
    ...[step.equal, step.missing, step.extra, step.changed, step.rejected, step.settled, step.units].map(
      count,
    ),
    durationText(step.seconds),
  ]);
  const blocks = steps.flatMap((step) => differenceLines(step, show, color));
  const leftOut = skipped.map(
    (name) => `${name}: not compared, since every run has skipped it (--step ${name} compares it)`,
  );
  const found = steps.length === 0 ? [] : table(header, rows, new Set([2, 3, 4, 5, 6, 7, 8, 9]));
  return [...found, ...blocks, ...leftOut].join('\n');
}

function resultOf(step: Verification): string {
  const sample = step.sample === undefined ? '' : ' (sample)';
  return (step.different ? 'different' : 'equal') + sample;
}

function differenceLines(step: Verification, show: boolean, color: boolean): string[] {
  const { bold, dim } = pc.createColors(color);
  const lines: string[] = [];
  if (step.unkeyed > 0) {
    lines.push(
      `  ${step.unkeyed} rejected rows have keys that are not known: what seems extra may be theirs`,
    );
  }
  for (const difference of step.found.slice(0, MAX_SHOWN)) {
    const columns = difference.columns?.map(({ column }) => column).join(', ');
    lines.push(
      `  ${difference.kind.padEnd(7)} ${keyText(difference)}${columns ? `  ${dim('in')} ${columns}` : ''}`,
    );
    if (!show) continue;
    for (const { column, expected, actual } of difference.columns ?? []) {
      lines.push(`            ${column}: ${expected ?? 'absent'} → ${actual ?? 'absent'}`);
    }
  }
  const all = step.missing + step.extra + step.changed;
  if (all > MAX_SHOWN) lines.push(`  and ${count(all - Math.min(MAX_SHOWN, step.found.length))} more`);
  if (step.extra > 0 && !step.different) {
    lines.push('  rows that only the sink has are no difference in this mode (--strict)');
  }
  return lines.length === 0 ? [] : [bold(step.name), ...lines];
}

function keyText({ key, name }: FoundDifference): string {
  if (!key) return name;
  const parts = Object.entries(key).map(([column, value]) => `${column}=${value}`);
  return parts.length === 0 ? name : parts.join(', ');
}

/** A line for each differing row that was looked at. */
export function differenceEvents({ steps }: Pick<VerifyReport, 'steps'>, show: boolean): object[] {
  return steps.flatMap((step) =>
    named(step).map((difference) => ({
      event: 'difference',
      ...keyOf(step, difference),
      ...(show ? { values: difference.columns } : {}),
    })),
  );
}

function named({ found }: Verification): readonly FoundDifference[] {
  return found.filter(({ key }) => key !== undefined);
}

function keyOf(step: Verification, { kind, key, columns }: FoundDifference): object {
  const names = columns?.map(({ column }) => column);
  return { step: step.name, kind, key, ...(names ? { columns: names } : {}) };
}

/** The last line of `--json` (DESIGN: a contract). */
export function verifySummary(report: VerifyReport, path: string): object {
  const { steps } = report;
  const sum = (of: (step: Verification) => number) => steps.reduce((total, step) => total + of(step), 0);
  return {
    event: 'summary',
    pipeline: report.pipeline,
    verify: report.verify,
    outcome: steps.some((step) => step.different) ? 'different' : 'equal',
    equal: sum((step) => step.equal),
    missing: sum((step) => step.missing),
    extra: sum((step) => step.extra),
    changed: sum((step) => step.changed),
    rejected: sum((step) => step.rejected),
    ...(report.skipped === undefined ? {} : { skipped: report.skipped }),
    keys: steps.flatMap((step) => named(step).map((difference) => keyOf(step, difference))),
    steps: steps.map(({ found: _found, parts: _parts, places: _places, ...step }) => step),
    report: path,
  };
}
