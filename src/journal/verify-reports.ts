import type { Place } from '../engine/verify/places.js';
import type { FoundDifference, Verification } from '../engine/verify/verification.js';
import { SluiceError } from '../errors.js';
import { writeRecords } from './files/file-logs.js';
import { anybody, type Logs } from './state.js';

/** Rises when an older Sluice could misread the records. */
const FORMAT = 1;
/** Older reports of a pipeline are removed. */
const MAX_REPORTS = 20;

/** What a verification found, kept for a repair. Holds keys, and no other values of rows. */
export interface VerifyReport {
  /** Sorts by its time. */
  readonly verify: string;
  readonly pipeline: string;
  /** Of the declaration that was verified. */
  readonly hash: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly steps: readonly Verification[];
  /** Copies that were not compared, since every run has skipped them. */
  readonly skipped?: readonly string[];
  /** A repair has been made of it: what it says is over. */
  readonly repaired?: true;
}

/** A step without what has lines of its own. */
type StepLine = Omit<Verification, 'found' | 'places'>;

type ReportLine =
  | ({ readonly is: 'verify'; readonly format: number } & Omit<VerifyReport, 'steps'>)
  | ({ readonly is: 'step' } & StepLine)
  | { readonly is: 'place'; readonly step: string; readonly number: number; readonly place: Place }
  | ({ readonly is: 'difference'; readonly step: string } & FoundDifference)
  | { readonly is: 'repaired'; readonly at: string };

/** Keeps a report; gives where it lies. */
export async function keepReport(reports: Logs, report: VerifyReport): Promise<string> {
  const place = await reports.create(report.verify, linesOf(report));
  for (const name of (await reports.names()).slice(0, -MAX_REPORTS)) await reports.remove(name);
  return place;
}

/** Writes a report to a new file, mode 0600. */
export async function writeReport(path: string, report: VerifyReport): Promise<void> {
  await writeRecords(path, linesOf(report));
}

function* linesOf({ steps, ...head }: VerifyReport): Generator<ReportLine> {
  yield { is: 'verify', format: FORMAT, ...head };
  for (const { found, places, ...step } of steps) {
    yield { is: 'step', ...step };
    const needed = new Set(found.map(({ place }) => place));
    for (const [number, place] of places.entries()) {
      if (needed.has(number)) yield { is: 'place', step: step.name, number, place };
    }
    for (const difference of found) {
      yield { is: 'difference', step: step.name, ...withoutValues(difference) };
    }
  }
}

function withoutValues(difference: FoundDifference): FoundDifference {
  if (!difference.columns) return difference;
  return { ...difference, columns: difference.columns.map(({ column }) => ({ column })) };
}

/** Says of a kept report that it was acted on. */
export async function markRepaired(reports: Logs, { verify }: VerifyReport): Promise<void> {
  const { log } = await reports.open(verify, anybody);
  try {
    await log.add({ is: 'repaired', at: new Date().toISOString() } satisfies ReportLine);
  } finally {
    await log.close();
  }
}

/** The name of a pipeline's newest report, if there is one: a new one's must sort behind it. */
export async function newestReportName(reports: Logs): Promise<string | undefined> {
  return (await reports.names()).at(-1);
}

/** The newest report of a pipeline, if there is one. */
export async function newestReport(reports: Logs): Promise<VerifyReport | undefined> {
  const name = await newestReportName(reports);
  return name === undefined ? undefined : reportOf((await reports.read(name)) as readonly ReportLine[], name);
}

function reportOf(lines: readonly ReportLine[], name: string): VerifyReport {
  const head = lines[0];
  if (head?.is !== 'verify' || head.format !== FORMAT) {
    throw new SluiceError('state_unusable', `the report ${name} is not one that this version reads`, {
      hint: 'verify again',
    });
  }
  const steps = new Map<string, { step: StepLine; places: Place[]; found: FoundDifference[] }>();
  for (const line of lines) {
    if (line.is === 'step') steps.set(line.name, { step: line, places: [], found: [] });
    else if (line.is === 'place') placeAt(steps.get(line.step)?.places ?? [], line.number, line.place);
    else if (line.is === 'difference') steps.get(line.step)?.found.push(line);
  }
  const { is: _is, format: _format, ...rest } = head;
  const repaired = lines.some(({ is }) => is === 'repaired') ? { repaired: true as const } : {};
  return {
    ...rest,
    ...repaired,
    steps: [...steps.values()].map(({ step, ...found }) => ({ ...step, ...found })),
  };
}

/** The list has holes where no difference lies. */
function placeAt(places: Place[], number: number, place: Place): void {
  places[number] = place;
}
