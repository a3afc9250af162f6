import type { FlowBox, FlowNode, FlowSeries } from './flow-tree.js';

/** Sizes in the units of a drawing: cells of a terminal, or pixels. All whole numbers. */
export interface Metrics {
  /** The size of a box with its border; an odd width in cells, so that it has a middle. */
  boxSize(box: FlowBox): { readonly width: number; readonly height: number };
  labelWidth(text: string): number;
  /** Between boxes side by side. */
  readonly gapX: number;
  /** Between boxes above each other. */
  readonly gapY: number;
  /** Between the bar of a fork and its branches. */
  readonly barY: number;
  /** The thickness of a line that takes up room: 1 in cells, where a line lies beside a border; 0 in pixels. */
  readonly grid: 0 | 1;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlacedBox extends Point {
  readonly box: FlowBox;
  readonly width: number;
  readonly height: number;
}

/** Straight pieces, each across or down, from the first point to the last. */
export interface Line {
  readonly points: readonly Point[];
  /** Ends at a box, with an arrow. */
  readonly arrow: boolean;
  /** What happens only after a failure. */
  readonly dashed: boolean;
}

/** A text on a line that goes across: its middle, and the room that is kept for it. */
export interface Label extends Point {
  readonly text: string;
  readonly width: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly PlacedBox[];
  readonly lines: readonly Line[];
  readonly labels: readonly Label[];
}

export const FAILURE_LABEL = 'on failure';

interface Drawing {
  readonly boxes: PlacedBox[];
  readonly lines: Line[];
  readonly labels: Label[];
}

/** A part of the picture with its spine, the line down on which the flow comes in and goes out. */
interface Block {
  /** From the spine to the edges. */
  readonly left: number;
  readonly right: number;
  readonly height: number;
  /** Where the flow comes in, measured from the top: at a box with an arrow, at a bar without. */
  readonly entry: { readonly y: number; readonly arrow: boolean };
  /** Where it goes out. */
  readonly exit: number;
  /** Where a line to the right begins. */
  readonly side: Point;
  draw(spine: number, top: number, drawing: Drawing): void;
}

/**
 * Places a flow: a series goes down, branches stand side by side, what follows a failure stands to the right of its
 * step. Nothing overlaps and no line crosses a box or another line.
 */
export function layoutFlow(series: FlowSeries, metrics: Metrics): Layout {
  const block = seriesBlock(series, metrics);
  const drawing: Drawing = { boxes: [], lines: [], labels: [] };
  block.draw(block.left, 0, drawing);
  return { width: block.left + block.right, height: block.height, ...drawing };
}

function blockOf(node: FlowNode, metrics: Metrics): Block {
  switch (node.is) {
    case 'box':
      return boxBlock(node.box, metrics);
    case 'fork':
      return forkBlock(node, metrics);
    case 'guarded':
      return guardedBlock(node, metrics);
  }
}

function boxBlock(box: FlowBox, { boxSize, grid }: Metrics): Block {
  const { width, height } = boxSize(box);
  const left = Math.floor(width / 2);
  return {
    left,
    right: width - left,
    height,
    entry: { y: -grid, arrow: true },
    exit: height - grid,
    side: { x: width - left - grid, y: Math.floor(height / 2) },
    draw: (spine, top, { boxes }) => {
      boxes.push({ box, x: spine - left, y: top, width, height });
    },
  };
}

function seriesBlock(series: FlowSeries, metrics: Metrics): Block {
  return stack(
    series.map((node) => blockOf(node, metrics)),
    metrics,
  );
}

/** Blocks above each other on one spine. */
function stack(blocks: readonly Block[], { gapY }: Metrics): Block {
  const [first] = blocks;
  const last = blocks.at(-1);
  if (!first || !last) throw new RangeError('a series has at least one step');
  const tops: number[] = [];
  let height = -gapY;
  for (const block of blocks) {
    tops.push(height + gapY);
    height += gapY + block.height;
  }
  return {
    left: Math.max(...blocks.map((block) => block.left)),
    right: Math.max(...blocks.map((block) => block.right)),
    height,
    entry: first.entry,
    exit: (tops.at(-1) ?? 0) + last.exit,
    side: first.side,
    draw: (spine, top, drawing) => {
      for (const [index, block] of blocks.entries()) {
        const y = top + (tops[index] ?? 0);
        block.draw(spine, y, drawing);
        const above = blocks[index - 1];
        if (!above) continue;
        const from = { x: spine, y: top + (tops[index - 1] ?? 0) + above.exit };
        drawing.lines.push(line([from, { x: spine, y: y + block.entry.y }], block.entry.arrow));
      }
    },
  };
}

function line(points: readonly Point[], arrow: boolean, dashed = false): Line {
  return { points, arrow, dashed };
}

function forkBlock(node: Extract<FlowNode, { readonly is: 'fork' }>, metrics: Metrics): Block {
  const branches = branchesBlock(
    node.branches.map((branch) => seriesBlock(branch, metrics)),
    metrics,
  );
  return node.head ? stack([boxBlock(node.head, metrics), branches], metrics) : branches;
}

/** Branches side by side below a bar, and above one. The spine is in the middle of the outer branches' spines. */
function branchesBlock(branches: readonly Block[], { gapX, barY, grid }: Metrics): Block {
  const spines: number[] = [];
  let width = -gapX;
  for (const branch of branches) {
    spines.push(width + gapX + branch.left);
    width += gapX + branch.left + branch.right;
  }
  const left = Math.floor(((spines[0] ?? 0) + (spines.at(-1) ?? 0)) / 2);
  const bottom = barY + Math.max(...branches.map((branch) => branch.height));
  const join = bottom + barY - grid;
  return {
    left,
    right: width - left,
    height: join + grid,
    entry: { y: 0, arrow: false },
    exit: join,
    side: { x: 0, y: 0 },
    draw: (spine, top, drawing) => {
      for (const [index, branch] of branches.entries()) {
        const x = spine - left + (spines[index] ?? 0);
        const y = top + barY;
        branch.draw(x, y, drawing);
        const into = [
          { x: spine, y: top },
          { x, y: top },
          { x, y: y + branch.entry.y },
        ];
        const out = [
          { x, y: y + branch.exit },
          { x, y: top + join },
          { x: spine, y: top + join },
        ];
        drawing.lines.push(line(into, branch.entry.arrow), line(out, false));
      }
    },
  };
}

/** The failure's series stands to the right of all of the step; it begins below the line that leads to it. */
function guardedBlock(node: Extract<FlowNode, { readonly is: 'guarded' }>, metrics: Metrics): Block {
  const { gapX, gapY, grid } = metrics;
  const main = blockOf(node.node, metrics);
  const failure = seriesBlock(node.failure, metrics);
  const room = metrics.labelWidth(FAILURE_LABEL);
  const spineOff = Math.max(main.right + gapX + failure.left, main.side.x + grid + room + gapX);
  const failureTop = main.side.y + gapY;
  const end = Math.max(main.height, failureTop + failure.height);
  const join = node.joins ? end + gapY - grid : main.exit;
  return {
    left: main.left,
    right: Math.max(main.right, spineOff + failure.right),
    height: node.joins ? join + grid : end,
    entry: main.entry,
    exit: join,
    side: main.side,
    draw: (spine, top, drawing) => {
      const x = spine + spineOff;
      main.draw(spine, top, drawing);
      failure.draw(x, top + failureTop, drawing);
      const from = { x: spine + main.side.x, y: top + main.side.y };
      const into = [from, { x, y: from.y }, { x, y: top + failureTop + failure.entry.y }];
      drawing.lines.push(line(into, failure.entry.arrow, true));
      drawing.labels.push({ x: Math.floor((from.x + x) / 2), y: from.y, text: FAILURE_LABEL, width: room });
      if (!node.joins) return;
      const back = [
        { x, y: top + failureTop + failure.exit },
        { x, y: top + join },
        { x: spine, y: top + join },
      ];
      drawing.lines.push(
        line(
          [
            { x: spine, y: top + main.exit },
            { x: spine, y: top + join },
          ],
          false,
        ),
      );
      drawing.lines.push(line(back, false, true));
    },
  };
}
