import type { BoxLine, FlowBox } from './flow-tree.js';

/** A line of a box that fits. The kind stands before the text, on a title's first row. */
export type BoxRow = BoxLine & { readonly kind?: string };

/** Breaks the lines of a box at spaces, or within words that are too long, so that none is wider than `maxWidth`. */
export function wrapBox(
  box: FlowBox,
  maxWidth: number,
  widthOf: (text: string, role: BoxLine['role']) => number,
): readonly BoxRow[] {
  return box.lines.flatMap((line): BoxRow[] => {
    const width = (text: string) => widthOf(text, line.role);
    const kind = line.role === 'title' && line.kind !== '' ? `${line.kind} ` : '';
    const rows = wrap(kind + line.text, maxWidth, width);
    return rows.map((text, index) => {
      if (line.role !== 'title') return { ...line, text };
      const isFirst = index === 0 && `${text} `.startsWith(kind);
      return { ...line, kind: isFirst ? line.kind : '', text: isFirst ? text.slice(kind.length) : text };
    });
  });
}

function wrap(text: string, maxWidth: number, widthOf: (text: string) => number): readonly string[] {
  if (widthOf(text) <= maxWidth) return [text];
  const rows: string[] = [];
  let row = '';
  for (const word of text.split(' ')) {
    const longer = row === '' ? word : `${row} ${word}`;
    if (widthOf(longer) <= maxWidth) {
      row = longer;
      continue;
    }
    if (row !== '') rows.push(row);
    row = '';
    for (const character of word) {
      if (row !== '' && widthOf(row + character) > maxWidth) {
        rows.push(row);
        row = '';
      }
      row += character;
    }
  }
  return row === '' ? rows : [...rows, row];
}
