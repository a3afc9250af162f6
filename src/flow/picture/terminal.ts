import { cellWidth, widthOfOne } from './cell-width.js';
import { Cells, type Paint } from './cells.js';
import type { BoxLine, FlowBox, FlowSeries, Tone } from './flow-tree.js';
import { type Layout, layoutFlow, type Metrics } from './layout.js';
import { outlineFlow } from './outline.js';
import { type BoxRow, wrapBox } from './wrap.js';

export interface TerminalOptions {
  /** Columns that there are. */
  readonly width: number;
  /** The terminal does not show more than ASCII. */
  readonly isAscii: boolean;
  /** Colours beside the words; absent where there are none. */
  readonly paints?: Readonly<Record<Tone | 'kind' | 'name', Paint>>;
}

const signs: Readonly<Record<Tone, string>> = { good: '✓', warn: '!', bad: '✗', idle: '–' };

/** Widths of a box's text that are tried, from generous to narrow. */
const TEXT_WIDTHS = [40, 32, 26, 20];
/** A border and a space on both sides. */
const PADDING = 4;

/**
 * The flow in boxes and lines, top down. Where even narrow boxes are wider than the terminal, an outline: a line for
 * each step, indented.
 */
export function terminalPicture(series: FlowSeries, options: TerminalOptions): string {
  for (const textWidth of TEXT_WIDTHS) {
    const rows = rowsOf(textWidth, options.isAscii);
    const layout = layoutFlow(series, metrics(rows));
    if (layout.width <= options.width) return draw(layout, rows, options);
  }
  return outlineFlow(series, (line) => lineText(line, options.isAscii), options);
}

type RowsOf = (box: FlowBox) => readonly BoxRow[];

function rowsOf(textWidth: number, isAscii: boolean): RowsOf {
  const known = new Map<FlowBox, readonly BoxRow[]>();
  return (box) => {
    const wrapped = known.get(box) ?? wrapBox(spelled(box, isAscii), textWidth, cellWidth);
    known.set(box, wrapped);
    return wrapped;
  };
}

/** The box with the signs of its statuses, and in ASCII where nothing else can be shown. */
function spelled(box: FlowBox, isAscii: boolean): FlowBox {
  return { ...box, lines: box.lines.map((line) => ({ ...line, text: lineText(line, isAscii) })) };
}

function lineText(line: BoxLine, isAscii: boolean): string {
  const text = line.role === 'status' ? `${signs[line.tone]} ${line.text}` : line.text;
  return isAscii ? asciiText(text) : text;
}

const spellings: Readonly<Record<string, string>> = {
  '→': '->',
  '·': '-',
  '✓': '+',
  '✗': 'x',
  '–': '-',
  '…': '...',
};

function asciiText(text: string): string {
  return text.replace(/\P{ASCII}/gu, (character) => {
    return spellings[character] ?? `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}

function metrics(rows: RowsOf): Metrics {
  return {
    boxSize: (box) => {
      const text = Math.max(10, ...rows(box).map((row) => cellWidth(rowText(row))));
      const width = text + PADDING;
      return { width: width % 2 === 0 ? width + 1 : width, height: rows(box).length + 2 };
    },
    labelWidth: (text) => cellWidth(text) + 2,
    gapX: 3,
    gapY: 2,
    barY: 2,
    grid: 1,
  };
}

function rowText(row: BoxRow): string {
  return row.role === 'title' && row.kind !== '' ? `${row.kind} ${row.text}` : row.text;
}

function draw(
  { width, height, boxes, lines, labels }: Layout,
  rows: RowsOf,
  options: TerminalOptions,
): string {
  const cells = new Cells(width, height, options.isAscii);
  for (const { x, y, width: wide, height: high } of boxes) {
    const [right, bottom] = [x + wide - 1, y + high - 1];
    cells.line(x, y, right, y);
    cells.line(x, bottom, right, bottom);
    cells.line(x, y, x, bottom);
    cells.line(right, y, right, bottom);
  }
  for (const { points, arrow, dashed } of lines) {
    for (const [index, to] of points.entries()) {
      const from = points[index - 1];
      if (from) cells.line(from.x, from.y, to.x, to.y, dashed);
    }
    const end = points.at(-1);
    if (arrow && end) cells.text(end.x, end.y, [{ text: options.isAscii ? 'v' : '▼', width: 1 }]);
  }
  for (const { x, y, text, width: room } of labels) {
    cells.text(x - Math.floor(room / 2), y, characters(` ${text} `));
  }
  for (const { box, x, y } of boxes) {
    for (const [index, row] of rows(box).entries()) drawRow(cells, x + 2, y + 1 + index, row, options);
  }
  return cells.lines().join('\n');
}

function drawRow(cells: Cells, x: number, y: number, row: BoxRow, { paints }: TerminalOptions): void {
  if (row.role !== 'title') {
    cells.text(x, y, characters(row.text), row.role === 'status' ? paints?.[row.tone] : undefined);
    return;
  }
  const kind = row.kind === '' ? '' : `${row.kind} `;
  cells.text(x, y, characters(kind), paints?.kind);
  cells.text(x + cellWidth(kind), y, characters(row.text), paints?.name);
}

function characters(text: string) {
  return [...text].map((character) => ({ text: character, width: widthOfOne(character) }));
}
