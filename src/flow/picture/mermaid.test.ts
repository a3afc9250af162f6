import fc from 'fast-check';
import { expect, it } from 'vitest';
import { randomFlow } from '../../../test/fixtures/random-flow.js';
import { boxesOf } from './flow-tree.js';
import { mermaidPicture } from './mermaid.js';

/** The grammar of what is written: a node with a quoted text, a line between two nodes, a class. */
const node = /^ {2}(n\d+)(?:\["([^"]*)"\]|\(\["([^"]*)"\]\)|\{\{"([^"]*)"\}\})(?::::(good|warn|bad|idle))?$/;
const edge = /^ {2}(n\d+) (?:-->|-\.->|-\. "on failure" \.->) (n\d+)$/;
const classes = /^ {2}classDef (good|warn|bad|idle) [a-z-]+:[^,]+(,[a-z-]+:[^,]+)*$/;
/** Plain characters, line breaks, and entities by number: nothing that Mermaid, Markdown or HTML reads. */
const quoted = /^(?:[\p{L}\p{N} .,:/→·✓✗–!-]|<br\/>|#\d+;)*$/u;

it('writes nothing but nodes, lines between them and classes, whatever the names are', () => {
  fc.assert(
    fc.property(randomFlow, (flow) => {
      const [first, ...lines] = mermaidPicture(flow).trimEnd().split('\n');
      expect(first).toBe('flowchart TD');
      const nodes = new Set<string>();
      for (const line of lines) {
        const [, name, ...texts] = node.exec(line) ?? [];
        const [, from = '', to = ''] = edge.exec(line) ?? [];
        if (name !== undefined) {
          expect(nodes.has(name)).toBe(false);
          nodes.add(name);
          expect(texts.slice(0, 3).find((text) => text !== undefined)).toMatch(quoted);
        } else if (!classes.test(line)) {
          expect([nodes.has(from), nodes.has(to), line]).toEqual([true, true, line]);
        }
      }
      expect(nodes.size).toBeGreaterThanOrEqual(boxesOf(flow).length);
    }),
    { numRuns: 200 },
  );
});

it('joins branches at the next step, and what follows a failure where the flow goes on', () => {
  const step = (text: string) => ({
    is: 'box' as const,
    box: { kind: 'copy' as const, lines: [{ role: 'title' as const, kind: 'copy', text }] },
  });
  const text = mermaidPicture([
    { is: 'fork', branches: [[step('a')], [step('b')]] },
    { is: 'guarded', node: step('c'), failure: [step('d')], joins: true },
    { is: 'guarded', node: step('e'), failure: [step('f')], joins: false },
    step('g'),
  ]);
  const edges = text.split('\n').filter((line) => edge.test(line));
  expect(edges.map((line) => line.trim())).toEqual([
    'n0 --> n1',
    'n0 --> n2',
    'n1 --> n3',
    'n2 --> n3',
    'n3 -. "on failure" .-> n4',
    'n3 --> n5',
    'n4 -.-> n5',
    'n5 -. "on failure" .-> n6',
    'n5 --> n7',
  ]);
});
