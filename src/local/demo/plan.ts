import { count, tableLines } from './paper.js';

/** What the demo shows of a line of `sluice plan --json`. */
interface PlanEvent {
  readonly event: 'plan';
  readonly step: string;
  readonly from?: { readonly name: string };
  readonly to?: { readonly name: string; readonly exists: boolean };
  readonly rows?: number;
  readonly columns?: readonly unknown[];
  readonly consistency?: string;
  readonly findings: readonly { readonly level: string }[];
}

/** The plan in a line for each step. */
export function shortPlan(ndjson: string): string[] {
  const events = ndjson
    .split('\n')
    .filter((line) => line.startsWith('{"event":"plan"'))
    .map((line) => JSON.parse(line) as PlanEvent);
  return tableLines([
    ['step', 'from', 'to', 'rows, about', 'columns', 'read as', 'refused'],
    ...events.map(planLine),
  ]);
}

function planLine({ step, from, to, rows, columns, consistency, findings }: PlanEvent): string[] {
  return [
    step,
    from?.name ?? '?',
    to ? `${to.name}${to.exists ? '' : ' (new)'}` : '?',
    rows === undefined ? '?' : count(rows),
    count(columns?.length ?? 0),
    consistency ?? '?',
    count(findings.filter(({ level }) => level === 'refuse').length),
  ];
}
