/** What one line of a box is: its title, something about the step, or what became of it in a run. */
export type BoxLine =
  | { readonly role: 'title'; readonly kind: string; readonly text: string }
  | { readonly role: 'detail'; readonly text: string }
  | { readonly role: 'status'; readonly tone: Tone; readonly text: string };

/** How a status looks; its words say the same. */
export type Tone = 'good' | 'warn' | 'bad' | 'idle';

export type BoxKind =
  | 'start'
  | 'end'
  | 'copy'
  | 'replicate'
  | 'export'
  | 'wait'
  | 'verify'
  | 'call'
  | 'parallel';

/** A box of the picture: a step, the pipeline's beginning, or an end. */
export interface FlowBox {
  readonly kind: BoxKind;
  readonly lines: readonly BoxLine[];
}

/** A flow as it is drawn: boxes in series, branches side by side, and what follows a failure. */
export type FlowNode =
  | { readonly is: 'box'; readonly box: FlowBox }
  | {
      readonly is: 'fork';
      /** Says what holds for all branches; absent where nothing does. */
      readonly head?: FlowBox;
      readonly branches: readonly FlowSeries[];
    }
  | {
      readonly is: 'guarded';
      readonly node: Exclude<FlowNode, { readonly is: 'guarded' }>;
      readonly failure: FlowSeries;
      /** Whether the flow goes on behind the step, or the failure's series is the end. */
      readonly joins: boolean;
    };

/** One after the other; at least one. */
export type FlowSeries = readonly FlowNode[];

/** All boxes, in the order of the document. */
export function boxesOf(series: FlowSeries): readonly FlowBox[] {
  return series.flatMap((node): readonly FlowBox[] => {
    if (node.is === 'box') return [node.box];
    if (node.is === 'guarded') return [...boxesOf([node.node]), ...boxesOf(node.failure)];
    return [...(node.head ? [node.head] : []), ...node.branches.flatMap(boxesOf)];
  });
}
