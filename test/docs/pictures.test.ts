import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { loadDeclaration } from '../../src/declare/load.js';
import { flowPicture } from '../../src/flow/picture/flow-picture.js';
import { mermaidPicture } from '../../src/flow/picture/mermaid.js';
import { svgPicture } from '../../src/flow/picture/svg.js';
import { terminalPicture } from '../../src/flow/picture/terminal.js';

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(resolve(root, 'docs/draw.md'), 'utf8');

const example = await loadDeclaration('examples/orders-nightly.yaml', { env: {}, cwd: root });
const flow = flowPicture(example);

/** The text in the page's block of this language. */
function block(language: string): string {
  return new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(page)?.[1]?.trimEnd() ?? '';
}

test('the picture in docs/pictures is the one that sluice draw gives of the example', async () => {
  const svg = svgPicture(flow, 'The pipeline orders-nightly');
  await expect(svg).toMatchFileSnapshot(resolve(root, 'docs/pictures/orders-nightly.svg'));
});

test('the pictures on the page are what sluice draw prints', () => {
  expect(block('text')).toBe(terminalPicture(flow, { width: 100, isAscii: false }));
  expect(block('mermaid')).toBe(mermaidPicture(flow).trimEnd());
});
