import { cellWidth } from './cell-width.js';
import type { BoxLine, FlowBox, FlowNode, FlowSeries } from './flow-tree.js';
import { FAILURE_LABEL } from './layout.js';
import type { TerminalOptions } from './terminal.js';
import { wrapBox } from './wrap.js';

interface Signs {
  readonly step: string;
  readonly branch: string;
  readonly last: string;
  readonly down: string;
}

const unicode: Signs = { step: '▪ ', branch: '├─ ', last: '└─ ', down: '│  ' };
const ascii: Signs = { step: '* ', branch: '+- ', last: '`- ', down: '|  ' };
/** Columns that a line of text has at least, however deep it stands. */
const MIN_TEXT = 16;

/** The flow as an indented list, for a terminal too narrow for boxes. */
export function outlineFlow(
  series: FlowSeries,
  textOf: (line: BoxLine) => string,
  { width, isAscii }: TerminalOptions,
): string {
  const signs = isAscii ? ascii : unicode;
  const lines: string[] = [];
  const addBox = (box: FlowBox, indent: string): void => {
    const room = Math.max(MIN_TEXT, width - cellWidth(indent + signs.step));
    const said = { ...box, lines: box.lines.map((line) => ({ ...line, text: textOf(line) })) };
    for (const [index, row] of wrapBox(said, room, cellWidth).entries()) {
      const kind = row.role === 'title' && row.kind !== '' ? `${row.kind} ` : '';
      lines.push(`${indent}${index === 0 ? signs.step : '  '}${kind}${row.text}`);
    }
  };
  const addBelow = (label: string, below: FlowSeries, indent: string, isLast: boolean): void => {
    lines.push(`${indent}${isLast ? signs.last : signs.branch}${label}`);
    for (const node of below) add(node, indent + (isLast ? '   ' : signs.down));
  };
  const add = (node: FlowNode, indent: string): void => {
    if (node.is === 'box') addBox(node.box, indent);
    if (node.is === 'guarded') {
      add(node.node, indent);
      const label = node.joins ? `${FAILURE_LABEL} (then the flow goes on)` : FAILURE_LABEL;
      addBelow(label, node.failure, indent, true);
    }
    if (node.is !== 'fork') return;
    const head: FlowBox = { kind: 'parallel', lines: [{ role: 'title', kind: 'parallel', text: '' }] };
    addBox(node.head ?? head, indent);
    const last = node.branches.length - 1;
    for (const [index, branch] of node.branches.entries()) {
      addBelow(`branch ${index + 1}`, branch, indent, index === last);
    }
  };
  for (const node of series) add(node, '');
  return lines.map((line) => line.trimEnd()).join('\n');
}
