import type { FlowBox, FlowNode, FlowSeries, Tone } from './flow-tree.js';
import { FAILURE_LABEL } from './layout.js';

/** Nodes that the next one follows, each with how its line looks. */
interface Exit {
  readonly node: string;
  readonly dashed: boolean;
}

const signs: Readonly<Record<Tone, string>> = { good: '✓', warn: '!', bad: '✗', idle: '–' };

/** The flow as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html). */
export function mermaidPicture(series: FlowSeries): string {
  const writer = new MermaidWriter();
  writer.series(series, []);
  return [
    'flowchart TD',
    ...writer.lines.map((line) => `  ${line}`),
    '  classDef good stroke:#15803d,stroke-width:2px',
    '  classDef warn stroke:#a16207,stroke-width:2px',
    '  classDef bad stroke:#b91c1c,stroke-width:2px',
    '  classDef idle stroke-dasharray:4 3',
    '',
  ].join('\n');
}

class MermaidWriter {
  readonly lines: string[] = [];
  #nodes = 0;

  series(series: FlowSeries, before: readonly Exit[]): readonly Exit[] {
    let exits = before;
    for (const node of series) exits = this.#node(node, exits).exits;
    return exits;
  }

  /** `first`: where a line to what follows a failure begins. */
  #node(
    node: FlowNode,
    before: readonly Exit[],
  ): { readonly first: string; readonly exits: readonly Exit[] } {
    if (node.is === 'box') {
      const name = this.#box(node.box, before);
      return { first: name, exits: [{ node: name, dashed: false }] };
    }
    if (node.is === 'fork') {
      const head: FlowBox = { kind: 'parallel', lines: [{ role: 'title', kind: 'parallel', text: '' }] };
      const first = this.#box(node.head ?? head, before);
      const start = [{ node: first, dashed: false }];
      return { first, exits: node.branches.flatMap((branch) => this.series(branch, start)) };
    }
    const main = this.#node(node.node, before);
    const [entry, ...rest] = node.failure;
    const into = entry ? this.#node(entry, []) : undefined;
    if (into) this.lines.push(`${main.first} -. "${FAILURE_LABEL}" .-> ${into.first}`);
    const failed = this.series(rest, into?.exits ?? []).map((exit) => ({ ...exit, dashed: true }));
    return { first: main.first, exits: node.joins ? [...main.exits, ...failed] : main.exits };
  }

  #box(box: FlowBox, before: readonly Exit[]): string {
    const name = `n${this.#nodes++}`;
    const text = box.lines.map(lineText).filter((line) => line !== '');
    const [open, close] = shapes[box.kind] ?? ['[', ']'];
    const tone = box.lines.find((line) => line.role === 'status')?.tone;
    this.lines.push(`${name}${open}"${text.join('<br/>')}"${close}${tone ? `:::${tone}` : ''}`);
    for (const exit of before) this.lines.push(`${exit.node} ${exit.dashed ? '-.->' : '-->'} ${name}`);
    return name;
  }
}

const shapes: Partial<Readonly<Record<FlowBox['kind'], readonly [string, string]>>> = {
  start: ['([', '])'],
  end: ['([', '])'],
  parallel: ['{{', '}}'],
};

function lineText(line: FlowBox['lines'][number]): string {
  if (line.role === 'status') return escaped(`${signs[line.tone]} ${line.text}`);
  if (line.role === 'detail') return escaped(line.text);
  return escaped(`${line.kind} ${line.text}`.trim());
}

/** Mermaid's own entities: `#35;`. Whatever has a meaning in Mermaid, Markdown or HTML is spelled so. */
function escaped(text: string): string {
  return text.replace(/[^\p{L}\p{N} .,:/→·✓✗–!-]/gu, (character) => `#${character.codePointAt(0)};`);
}
