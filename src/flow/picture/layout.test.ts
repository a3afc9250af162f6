import fc from 'fast-check';
import { expect, it } from 'vitest';
import { randomFlow } from '../../../test/fixtures/random-flow.js';
import { boxesOf } from './flow-tree.js';
import { type Layout, layoutFlow, type Metrics, type Point } from './layout.js';

/** As a terminal measures, and as a picture in pixels does. */
const sizes: Record<string, Metrics> = {
  cells: {
    boxSize: ({ lines }) => ({ width: 11 + 2 * lines.length, height: lines.length + 2 }),
    labelWidth: (text) => text.length + 2,
    gapX: 3,
    gapY: 2,
    barY: 2,
    grid: 1,
  },
  pixels: {
    boxSize: ({ lines }) => ({ width: 80 + 30 * lines.length, height: 18 * lines.length + 20 }),
    labelWidth: (text) => 7 * text.length,
    gapX: 28,
    gapY: 32,
    barY: 26,
    grid: 0,
  },
};

interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What lines and labels must stay out of: a box, without the border at which lines begin and end. */
function inside({ x, y, width, height }: Area): Area {
  return { x: x + 1, y: y + 1, width: width - 2, height: height - 2 };
}

function overlap(one: Area, other: Area): boolean {
  const across = one.x < other.x + other.width && other.x < one.x + one.width;
  return across && one.y < other.y + other.height && other.y < one.y + one.height;
}

interface Piece {
  readonly from: Point;
  readonly to: Point;
}

function piecesOf({ lines }: Layout): Piece[] {
  return lines.flatMap(({ points }) =>
    points.slice(1).map((to, index) => ({ from: points[index] ?? to, to })),
  );
}

/** A line's piece as an area of its thickness. */
function areaOf({ from, to }: Piece): Area {
  const [x, y] = [Math.min(from.x, to.x), Math.min(from.y, to.y)];
  return { x, y, width: Math.abs(from.x - to.x) + 1, height: Math.abs(from.y - to.y) + 1 };
}

/** One goes across and the other down, and each goes on beyond the other on both sides. */
function cross(one: Piece, other: Piece): boolean {
  const [across, down] = one.from.y === one.to.y ? [one, other] : [other, one];
  if (across.from.y !== across.to.y || down.from.x !== down.to.x) return false;
  const between = (value: number, a: number, b: number) => value > Math.min(a, b) && value < Math.max(a, b);
  return between(down.from.x, across.from.x, across.to.x) && between(across.from.y, down.from.y, down.to.y);
}

it.each(Object.entries(sizes))('places any flow in %s without an overlap or a crossing', (_, metrics) => {
  fc.assert(
    fc.property(randomFlow, (flow) => {
      const layout = layoutFlow(flow, metrics);
      const { boxes, labels, width, height } = layout;
      expect(boxes.map(({ box }) => box)).toEqual(expect.arrayContaining([...boxesOf(flow)]));
      const areas: Area[] = [
        ...boxes,
        ...labels.map((label) => ({ ...label, x: label.x - Math.floor(label.width / 2), height: 1 })),
      ];
      for (const [index, area] of areas.entries()) {
        expect(
          area.x >= 0 && area.y >= 0 && area.x + area.width <= width && area.y + area.height <= height,
        ).toBe(true);
        expect(areas.slice(index + 1).filter((other) => overlap(area, other))).toEqual([]);
      }
      const pieces = piecesOf(layout);
      for (const [index, piece] of pieces.entries()) {
        expect(piece.from.x === piece.to.x || piece.from.y === piece.to.y).toBe(true);
        expect(boxes.filter((box) => overlap(inside(box), areaOf(piece)))).toEqual([]);
        expect(pieces.slice(index + 1).filter((other) => cross(piece, other))).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
});

it('leads to every box from above or from the side, but to the first', () => {
  fc.assert(
    fc.property(randomFlow, (flow) => {
      const { boxes, lines } = layoutFlow(flow, sizes['pixels'] as Metrics);
      const ends = new Set(
        lines.flatMap(({ points, arrow }) => (arrow ? [JSON.stringify(points.at(-1))] : [])),
      );
      const entered = boxes.filter(({ x, y, width }) => ends.has(JSON.stringify({ x: x + width / 2, y })));
      expect(entered.length).toBeGreaterThanOrEqual(boxes.length - 1);
    }),
    { numRuns: 100 },
  );
});
