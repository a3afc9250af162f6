import {
  type CopyStep,
  type Declaration,
  innerSteps,
  type NamedStep,
  type ReplicateStep,
  type Step,
} from '../declare/declaration.js';
import { addCounters, type Counters, zeroCounters } from '../engine/counters.js';
import { countsOf, type StepPast } from '../engine/journal.js';
import type { RunStatus, StepStatus } from '../flow/picture/flow-picture.js';
import type { FlowPast } from '../journal/flow-records.js';
import type { RunEnd, RunHistory } from '../journal/runs.js';
import { count, durationText } from './text.js';

/** What a run came to, in words, for a picture of its flow. `ending`: of one whose journal has no end, where somebody knows it. */
export function runStatus(declaration: Declaration, history: RunHistory, ending?: string): RunStatus {
  const steps = namedSteps(declaration.steps).map((step) => [step.name, stepStatus(step, history)] as const);
  return { run: wholeStatus(history, ending), steps: new Map(steps) };
}

function namedSteps(steps: readonly Step[]): readonly NamedStep[] {
  return steps.flatMap((step) => [
    ...(step.kind === 'parallel' ? [] : [step]),
    ...namedSteps(innerSteps(step)),
  ]);
}

const ends: Readonly<Record<RunEnd, Pick<StepStatus, 'tone' | 'text'>>> = {
  complete: { tone: 'good', text: 'complete' },
  rejects: { tone: 'warn', text: 'complete with rejects' },
  failures: { tone: 'warn', text: 'complete with failures' },
  stopped: { tone: 'bad', text: 'stopped' },
  interrupted: { tone: 'bad', text: 'interrupted' },
  abandoned: { tone: 'bad', text: 'given up' },
};

function wholeStatus({ run, end, started, ended }: RunHistory, ending = 'killed or under way'): StepStatus {
  const details = [`run ${run}`];
  if (end === undefined || ended === undefined) {
    return { tone: ending === 'under way' ? 'idle' : 'bad', text: ending, details };
  }
  const { tone, text } = ends[end];
  return { tone, text: text + inTime((Date.parse(ended) - Date.parse(started)) / 1000), details };
}

function inTime(seconds: number): string {
  return ` in ${durationText(seconds)}`;
}

function stepStatus(step: NamedStep, history: RunHistory): StepStatus {
  const flow = history.flow.get(step.name) ?? {};
  if (flow.ended?.outcome === 'skipped') {
    return { tone: 'idle', text: 'skipped', details: ['its condition was not true'] };
  }
  const moves = step.kind === 'copy' || step.kind === 'replicate';
  if (step.kind === 'export') return exportStatus(history.steps.get(step.name), flow);
  return moves ? copyStatus(step, history, flow) : otherStatus(flow);
}

/** What it has published, or what it has come to. */
function exportStatus(past: StepPast | undefined, flow: FlowPast): StepStatus {
  if (flow.failed) return failedStatus(flow.failed, []);
  if (!past?.result) {
    const { export: name, snapshot } = past?.exported ?? {};
    const under = name ?? snapshot?.name;
    return under === undefined ? notBegun : { tone: 'bad', text: 'not complete', details: [under] };
  }
  const { read, seconds, consistency } = past.result;
  return { tone: 'good', text: `complete${inTime(seconds)}`, details: [`${count(read)} rows`, consistency] };
}

function otherStatus({ ended, failed, until }: FlowPast): StepStatus {
  if (ended) return { tone: 'good', text: `complete${inTime(ended.seconds)}`, details: [] };
  if (failed) return failedStatus(failed, []);
  if (until !== undefined) return { tone: 'idle', text: `waiting until ${until}`, details: [] };
  return notBegun;
}

const notBegun: StepStatus = { tone: 'idle', text: 'not begun', details: [] };

function failedStatus(
  { seconds, error }: NonNullable<FlowPast['failed']>,
  counts: readonly string[],
): StepStatus {
  const why = error ? [error.code] : [];
  return { tone: 'bad', text: `failed${inTime(seconds)}`, details: [...why, ...counts] };
}

/** With `tables` the copies of a step are taken together. */
function copyStatus(
  step: CopyStep | ReplicateStep,
  { steps, flow: all, end }: RunHistory,
  flow: FlowPast,
): StepStatus {
  const isOfStep = (name: string) =>
    name === step.name || (step.from.tables !== undefined && name.startsWith(`${step.name}.`));
  const pasts = [...steps].flatMap(([name, past]) => (isOfStep(name) ? [past] : []));
  const failed = flow.failed ?? [...all].find(([name, past]) => isOfStep(name) && past.failed)?.[1].failed;
  const counts = zeroCounters();
  for (const past of pasts) addCounters(counts, countsOf(past));
  const details = pasts.length === 0 ? [] : [countsText(counts)];
  if (failed) return failedStatus(failed, details);
  if (pasts.length === 0) return notBegun;
  if (!pasts.every(({ result }) => result !== undefined)) {
    const text = end === undefined ? 'not complete' : ends[end].text;
    return { tone: 'bad', text: end === 'stopped' || end === 'interrupted' ? text : 'not complete', details };
  }
  const seconds = pasts.reduce((sum, { result }) => sum + (result?.seconds ?? 0), 0);
  const [tone, text] =
    counts.rejected > 0 ? (['warn', 'complete with rejects'] as const) : (['good', 'complete'] as const);
  return { tone, text: text + inTime(seconds), details };
}

/** Written always, the others where there are any. */
function countsText({ written, unchanged, rejected }: Counters): string {
  const others = Object.entries({ unchanged, rejected }).flatMap(([name, rows]) =>
    rows > 0 ? [`${count(rows)} ${name}`] : [],
  );
  return [`${count(written)} written`, ...others].join(', ');
}
