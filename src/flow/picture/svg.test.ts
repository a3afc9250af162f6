import fc from 'fast-check';
import { expect, it } from 'vitest';
import { randomFlow } from '../../../test/fixtures/random-flow.js';
import { allElements, parseXml, type XmlElement } from '../../../test/fixtures/strict-xml.js';
import { boxesOf, type FlowSeries } from './flow-tree.js';
import { svgPicture } from './svg.js';
import { textWidth } from './text-width.js';

const number = (element: XmlElement | undefined, name: string) => Number(element?.attributes[name]);
const isText = ({ name }: XmlElement) => name === 'text';

/** Throws unless every text of a box lies within it, by the widths that are promised of its characters. */
function checkTexts(group: XmlElement): void {
  const rect = group.children.find(({ name }) => name === 'rect');
  for (const text of group.children.filter(isText)) {
    const isTitle = text.attributes['class'] === 'name';
    const half = textWidth(text.text, isTitle ? 14 : 12, isTitle) / 2;
    const [x, y] = [number(text, 'x'), number(text, 'y')];
    expect(x - half).toBeGreaterThanOrEqual(number(rect, 'x'));
    expect(x + half).toBeLessThanOrEqual(number(rect, 'x') + number(rect, 'width'));
    expect(y - 14).toBeGreaterThanOrEqual(number(rect, 'y'));
    expect(y + 4).toBeLessThanOrEqual(number(rect, 'y') + number(rect, 'height'));
  }
}

it('is well-formed XML with a title, whose boxes hold all of their texts, whatever the names are', () => {
  fc.assert(
    fc.property(randomFlow, fc.string({ unit: 'grapheme' }), (flow, title) => {
      const root = parseXml(svgPicture(flow, title.replace(/[\p{Cc}\p{Cs}]/gu, '')));
      expect(root.name).toBe('svg');
      expect(root.children[0]?.name).toBe('title');
      const names = new Set(allElements(root).map(({ name }) => name));
      const known = ['svg', 'title', 'style', 'rect', 'g', 'path', 'text', 'tspan'];
      expect([...names].filter((name) => !known.includes(name))).toEqual([]);
      const groups = allElements(root).filter(({ children }) => children[0]?.attributes['class'] === 'box');
      expect(groups.length).toBe(boxesOf(flow).length);
      for (const group of groups) checkTexts(group);
      const words = groups.flatMap(({ children }) => children.filter(isText).map(({ text }) => text));
      const shown = words.join('').replaceAll(' ', '');
      for (const { lines } of boxesOf(flow)) {
        for (const { text } of lines) expect(shown).toContain(text.replaceAll(' ', '').slice(0, 8));
      }
    }),
    { numRuns: 60 },
  );
});

it('names no other place, holds no script, and has colours for light and dark pages', () => {
  const flow: FlowSeries = [
    {
      is: 'box',
      box: { kind: 'copy', lines: [{ role: 'title', kind: 'copy', text: '<script>alert(1)</script>' }] },
    },
  ];
  const svg = svgPicture(flow, '"><script/>');
  expect(svg).not.toMatch(/<script|href|url\(|@import|@font-face/);
  expect(svg.match(/https?:/g)).toHaveLength(1);
  expect(svg).toContain('prefers-color-scheme:dark');
  expect(parseXml(svg).children[0]?.text).toBe('"><script/>');
});
