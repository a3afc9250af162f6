import type { BoxLine, FlowBox, FlowSeries, Tone } from './flow-tree.js';
import { type Label, type Layout, type Line, layoutFlow, type Metrics, type PlacedBox } from './layout.js';
import { svgStyle } from './svg-style.js';
import { textWidth } from './text-width.js';
import { type BoxRow, wrapBox } from './wrap.js';

const MARGIN = 24;
const TITLE_SIZE = 14;
const TEXT_SIZE = 12;
const TITLE_HEIGHT = 22;
const TEXT_HEIGHT = 18;
/** Between a box's border and its text. */
const PAD_X = 16;
const PAD_Y = 9;
const MAX_TEXT = 340;
const MIN_TEXT = 96;
const ARROW = 5;

const signs: Readonly<Record<Tone, string>> = { good: '✓', warn: '!', bad: '✗', idle: '–' };

/** The flow as an SVG document of its own: no scripts, no fonts, nothing from elsewhere; for light and dark pages. */
export function svgPicture(series: FlowSeries, title: string): string {
  const rows = new Map<FlowBox, readonly BoxRow[]>();
  const rowsOf = (box: FlowBox): readonly BoxRow[] => {
    const known = rows.get(box) ?? wrapBox(withSigns(box), MAX_TEXT, widthOf);
    rows.set(box, known);
    return known;
  };
  const layout = layoutFlow(series, metrics(rowsOf));
  const [width, height] = [layout.width + 2 * MARGIN, layout.height + 2 * MARGIN];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${escaped(title)}</title>`,
    `<style>${svgStyle(TITLE_SIZE, TEXT_SIZE)}</style>`,
    `<rect class="page" width="${width}" height="${height}"/>`,
    `<g transform="translate(${MARGIN} ${MARGIN})">`,
    ...contents(layout, rowsOf),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

function contents({ lines, labels, boxes }: Layout, rowsOf: (box: FlowBox) => readonly BoxRow[]): string[] {
  return [
    ...lines.map(lineSvg),
    ...labels.map(labelSvg),
    ...boxes.map((placed) => boxSvg(placed, rowsOf(placed.box))),
  ];
}

function withSigns(box: FlowBox): FlowBox {
  const lines = box.lines.map((line) =>
    line.role === 'status' ? { ...line, text: `${signs[line.tone]} ${line.text}` } : line,
  );
  return { ...box, lines };
}

function widthOf(text: string, role: BoxLine['role']): number {
  return role === 'title' ? textWidth(text, TITLE_SIZE, true) : textWidth(text, TEXT_SIZE);
}

function rowText(row: BoxRow): string {
  return row.role === 'title' && row.kind !== '' ? `${row.kind} ${row.text}` : row.text;
}

function rowHeight({ role }: BoxRow): number {
  return role === 'title' ? TITLE_HEIGHT : TEXT_HEIGHT;
}

function metrics(rowsOf: (box: FlowBox) => readonly BoxRow[]): Metrics {
  return {
    boxSize: (box) => {
      const rows = rowsOf(box);
      const text = Math.max(MIN_TEXT, ...rows.map((row) => widthOf(rowText(row), row.role)));
      const height = rows.reduce((sum, row) => sum + rowHeight(row), 2 * PAD_Y);
      return { width: 2 * Math.ceil(text / 2 + PAD_X), height };
    },
    labelWidth: (text) => textWidth(text, TEXT_SIZE) + 12,
    gapX: 28,
    gapY: 32,
    barY: 26,
    grid: 0,
  };
}

function boxSvg({ box, x, y, width, height }: PlacedBox, rows: readonly BoxRow[]): string {
  const tone = rows.find((row) => row.role === 'status')?.tone;
  const round = box.kind === 'start' || box.kind === 'end' ? Math.min(18, height / 2) : 8;
  let baseline = y + PAD_Y;
  const texts = rows.map((row) => {
    const at = baseline + Math.round(rowHeight(row) * 0.7);
    baseline += rowHeight(row);
    return textSvg(row, x + width / 2, at);
  });
  const mark = tone ? ` ${tone}` : '';
  return [
    `<g class="${box.kind}${mark}">`,
    `<rect class="box" x="${x}" y="${y}" width="${width}" height="${height}" rx="${round}"/>`,
    ...texts,
    '</g>',
  ].join('\n');
}

function textSvg(row: BoxRow, x: number, y: number): string {
  if (row.role === 'detail') return `<text class="detail" x="${x}" y="${y}">${escaped(row.text)}</text>`;
  if (row.role === 'status') {
    return `<text class="status ${row.tone}" x="${x}" y="${y}">${escaped(row.text)}</text>`;
  }
  const kind = row.kind === '' ? '' : `<tspan class="kind">${escaped(row.kind)}</tspan> `;
  return `<text class="name" x="${x}" y="${y}">${kind}${escaped(row.text)}</text>`;
}

function lineSvg({ points, arrow, dashed }: Line): string {
  const end = points.at(-1) ?? { x: 0, y: 0 };
  const stops = points.filter(({ x, y }, index) => x !== points[index - 1]?.x || y !== points[index - 1]?.y);
  const path = stops.map(({ x, y }, index) => {
    const isLast = arrow && index === stops.length - 1;
    return `${index === 0 ? 'M' : 'L'}${x} ${isLast ? y - ARROW : y}`;
  });
  const kind = dashed ? ' dashed' : '';
  const drawn = `<path class="line${kind}" d="${path.join(' ')}"/>`;
  if (!arrow) return drawn;
  const { x, y } = end;
  return `${drawn}\n<path class="arrow" d="M${x} ${y} L${x - ARROW} ${y - 2 * ARROW + 1} L${x + ARROW} ${y - 2 * ARROW + 1} Z"/>`;
}

function labelSvg({ x, y, text }: Label): string {
  return `<text class="label" x="${x}" y="${y - 6}">${escaped(text)}</text>`;
}

/** Text and attribute values of XML 1.0; characters that it forbids do not come here: `visibleText` spells them. */
function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replace(/[\ufffe\uffff]/g, '\ufffd');
}
