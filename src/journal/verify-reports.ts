import { constants } from 'node:fs';
import { appendFile, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Place } from '../engine/verify/places.js';
import type { FoundDifference, Verification } from '../engine/verify/verification.js';
import { SluiceError } from '../errors.js';
import { parseRecords } from './record-file.js';
import { stateFolder } from './state-folder.js';

/** Rises when an older Sluice could misread the records. */
const FORMAT = 1;
/** Older reports of a pipeline are removed. */
const MAX_REPORTS = 20;
/** Lines that are written at once. */
const LINES_AT_ONCE = 1000;

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

/** Writes a report below the state folder, mode 0600; gives its path. */
export async function keepReport(state: string, report: VerifyReport): Promise<string> {
  const folder = await stateFolder(state, report.pipeline, 'reports');
  const path = join(folder, `${report.verify}.jsonl`);
  await writeReport(path, report);
  for (const name of (await reportNames(folder)).slice(0, -MAX_REPORTS)) await rm(join(folder, name));
  return path;
}

/** Writes a report to a new file, mode 0600. */
export async function writeReport(path: string, report: VerifyReport): Promise<void> {
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const file = await open(path, flags, 0o600);
    try {
      let text: string[] = [];
      for (const line of linesOf(report)) {
        text.push(`${JSON.stringify(line)}\n`);
        if (text.length < LINES_AT_ONCE) continue;
        await file.appendFile(text.join(''));
        text = [];
      }
      await file.appendFile(text.join(''));
      await file.datasync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

function unwritable(path: string, cause: unknown): SluiceError {
  return new SluiceError('state_unusable', `the report ${path} cannot be written`, {
    hint: 'name another file, or another folder with --state',
    cause,
  });
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
export async function markRepaired(state: string, report: VerifyReport): Promise<void> {
  const path = join(state, report.pipeline, 'reports', `${report.verify}.jsonl`);
  const line: ReportLine = { is: 'repaired', at: new Date().toISOString() };
  await appendFile(path, `${JSON.stringify(line)}\n`).catch((error: unknown) => {
    throw unwritable(path, error);
  });
}

/** The name of a pipeline's newest report, if there is one: a new one's must sort behind it. */
export async function newestReportName(state: string, pipeline: string): Promise<string | undefined> {
  return (await reportNames(join(state, pipeline, 'reports'))).at(-1);
}

/** The newest report of a pipeline, if there is one. */
export async function newestReport(state: string, pipeline: string): Promise<VerifyReport | undefined> {
  const folder = join(state, pipeline, 'reports');
  const name = await newestReportName(state, pipeline);
  return name === undefined ? undefined : await readReport(join(folder, name));
}

/** Names of the reports, oldest first: they begin with the time. */
async function reportNames(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.filter((name) => name.endsWith('.jsonl')).sort();
}

async function readReport(path: string): Promise<VerifyReport> {
  const lines = parseRecords(await readFile(path), path).records as ReportLine[];
  const head = lines[0];
  if (head?.is !== 'verify' || head.format !== FORMAT) {
    throw new SluiceError('state_unusable', `${path} is not a report that this version reads`, {
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
