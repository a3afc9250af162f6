import type {
  CallStep,
  CopyStep,
  Declaration,
  ExportStep,
  NamedStep,
  ParallelStep,
  Step,
} from '../../declare/declaration.js';
import { printExpression } from '../../expression/print.js';
import { visibleText } from '../../values/visible-text.js';
import type { BoxLine, FlowBox, FlowNode, FlowSeries, Tone } from './flow-tree.js';

/** What became of a step in a run, in words. */
export interface StepStatus {
  readonly tone: Tone;
  /** `complete in 2.3s` */
  readonly text: string;
  /** `1,000 written, 2 rejected`; the code of an error. */
  readonly details: readonly string[];
}

/** A run as the picture shows it. */
export interface RunStatus {
  readonly run: StepStatus;
  /** By the names of the steps. */
  readonly steps: ReadonlyMap<string, StepStatus>;
}

/** A pipeline's flow as boxes, from its beginning to its end; with a run also what became of each step. */
export function flowPicture(declaration: Declaration, run?: RunStatus): FlowSeries {
  const start: FlowBox = {
    kind: 'start',
    lines: [
      title('pipeline', declaration.pipeline),
      detail(scheduleText(declaration)),
      ...(run ? status(run.run) : []),
    ],
  };
  const nodes = declaration.steps.map((step) => stepNode(step, run));
  return [box(start), ...nodes, box({ kind: 'end', lines: [title('', 'end')] })];
}

function box(flowBox: FlowBox): Extract<FlowNode, { readonly is: 'box' }> {
  return { is: 'box', box: flowBox };
}

function title(kind: string, text: string): BoxLine {
  return { role: 'title', kind, text: visibleText(text) };
}

function detail(text: string): BoxLine {
  return { role: 'detail', text: visibleText(text) };
}

function status({ tone, text, details }: StepStatus): readonly BoxLine[] {
  return [{ role: 'status', tone, text: visibleText(text) }, ...details.map(detail)];
}

function scheduleText({ schedule }: Declaration): string {
  if (!schedule) return 'started by hand';
  const { zone } = schedule;
  if ('cron' in schedule) return `cron ${schedule.cron} (${zone})`;
  return 'rate' in schedule ? `every ${schedule.rate}` : `at ${schedule.at} (${zone})`;
}

function stepNode(step: Step, run: RunStatus | undefined): FlowNode {
  const node = step.kind === 'parallel' ? forkNode(step, run) : box(stepBox(step, run));
  const { onFailure } = step;
  if (!onFailure) return node;
  const joins = onFailure.then === 'continue';
  const stop = box({ kind: 'end', lines: [title('', 'the run stops')] });
  const failure = onFailure.steps.map((inner) => stepNode(inner, run));
  return { is: 'guarded', node, failure: joins ? failure : [...failure, stop], joins };
}

function forkNode(
  step: ParallelStep,
  run: RunStatus | undefined,
): Extract<FlowNode, { readonly is: 'fork' }> {
  const limited = step.limit !== undefined && step.limit < step.branches.length;
  const details = [
    ...(limited ? [detail(step.limit === 1 ? 'one after the other' : `${step.limit} at once`)] : []),
    ...around(step),
  ];
  const head: FlowBox = {
    kind: 'parallel',
    lines: [title('parallel', `${step.branches.length} branches`), ...details],
  };
  const branches = step.branches.map((branch) => branch.map((inner) => stepNode(inner, run)));
  return details.length > 0 || step.onFailure ? { is: 'fork', head, branches } : { is: 'fork', branches };
}

function stepBox(step: NamedStep, run: RunStatus | undefined): FlowBox {
  const became = run?.steps.get(step.name);
  return {
    kind: step.kind,
    lines: [
      title(step.kind, step.name),
      ...detailsOf(step).map(detail),
      ...around(step),
      ...(became ? status(became) : []),
    ],
  };
}

/** What any kind of step may have. */
function around({ when, retry }: Step): BoxLine[] {
  return [
    ...(when ? [detail(`when ${printExpression(when)}`)] : []),
    ...(retry.attempts > 1 ? [detail(`up to ${retry.attempts} attempts`)] : []),
  ];
}

function detailsOf(step: NamedStep): readonly string[] {
  switch (step.kind) {
    case 'copy':
      return copyDetails(step);
    case 'replicate':
      return [...copyDetails(step), ...(step.first ? ['a copy first'] : []), 'without an end'];
    case 'export':
      return exportDetails(step);
    case 'wait':
      return [step.until === undefined ? `for ${durationText(step.seconds ?? 0)}` : `until ${step.until}`];
    case 'verify':
      return [
        `of ${step.of.join(', ')}`,
        ...(step.sample === undefined ? [] : [`a sample of ${step.sample} rows`]),
      ];
    case 'call':
      return callDetails(step);
  }
}

function copyDetails({ from, to, via }: Pick<CopyStep, 'from' | 'to' | 'via'>): readonly string[] {
  const tables = from.tables?.join(', ');
  const source = `${from.connection}.${from.table ?? tables ?? '(a query)'}`;
  const mode = typeof to['mode'] === 'string' ? [`mode ${to['mode']}`] : [];
  const queue = via ? [`through the queue ${via.connection}`] : [];
  return [`${source} → ${to.connection}.${to.table}`, ...queue, ...mode];
}

function exportDetails({ from, to, direct, keep, layout }: ExportStep): readonly string[] {
  const kept = keep.exports === 1 ? 'the newest stays' : `the newest ${keep.exports} stay`;
  return [
    `${from.connection} → ${to.connection}, as Parquet`,
    ...(from.tables.length === 0 ? [] : [from.tables.join(', ')]),
    direct ? 'without a snapshot' : 'a snapshot, then its export',
    kept,
    ...(layout === undefined ? [] : ['newest/ holds it alone']),
  ];
}

/** Only the program's name of a command: its arguments may be anything. */
function callDetails(step: CallStep): readonly string[] {
  const { run } = step;
  const program = typeof run === 'function' ? 'a function of the file' : run?.[0];
  return [
    ...(program === undefined ? [] : [`runs ${program}`]),
    ...(step.function === undefined ? [] : [`function ${step.function.split(':').at(-1)}`]),
  ];
}

function durationText(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const said = parts.flatMap(([amount, unit]) => (amount > 0 ? [`${amount} ${unit}`] : []));
  return said.length === 0 ? '0 s' : said.join(' ');
}
