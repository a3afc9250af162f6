/** Directions in which a line leaves a cell. */
const NORTH = 1;
const SOUTH = 2;
const WEST = 4;
const EAST = 8;

/** By the sum of directions. */
const unicode = ' ╵╷│╴┘┐┤╶└┌├─┴┬┼';
const ascii = ' |||-+++-+++-+++';
const dashed: Readonly<Record<number, string>> = { [NORTH | SOUTH]: '╎', [EAST | WEST]: '╌' };
const dashedAscii: Readonly<Record<number, string>> = { [NORTH | SOUTH]: ':', [EAST | WEST]: '-' };

/** How a piece of text looks. */
export type Paint = (text: string) => string;

interface Cell {
  directions: number;
  dashed: boolean;
  /** What stands here instead of a line; '' behind a wide character. */
  text?: string;
  paint?: Paint;
}

/** A sheet of a terminal's cells, with lines that meet properly. */
export class Cells {
  readonly #rows: Cell[][];
  readonly #isAscii: boolean;

  constructor(width: number, height: number, isAscii: boolean) {
    this.#isAscii = isAscii;
    this.#rows = Array.from({ length: height }, () =>
      Array.from({ length: width }, () => ({ directions: 0, dashed: false })),
    );
  }

  /** A line across or down, both ends included. */
  line(x1: number, y1: number, x2: number, y2: number, isDashed = false): void {
    const [dx, dy] = [Math.sign(x2 - x1), Math.sign(y2 - y1)];
    const [ahead, behind] = dx === 0 ? towards(dy, SOUTH, NORTH) : towards(dx, EAST, WEST);
    for (let [x, y] = [x1, y1]; x !== x2 || y !== y2; x += dx, y += dy) {
      this.#join(x, y, ahead, isDashed);
      this.#join(x + dx, y + dy, behind, isDashed);
    }
  }

  text(
    x: number,
    y: number,
    characters: readonly { readonly text: string; readonly width: number }[],
    paint?: Paint,
  ): void {
    let at = x;
    for (const { text, width } of characters) {
      const before = this.#rows[y]?.[at - 1];
      if (width === 0 && before) before.text = `${before.text ?? ''}${text}`;
      for (let cell = 0; cell < width; cell++) {
        const there = this.#rows[y]?.[at++];
        if (!there) continue;
        there.text = cell === 0 ? text : '';
        if (paint) there.paint = paint;
      }
    }
  }

  lines(): readonly string[] {
    return this.#rows.map((row) => {
      let line = '';
      for (let at = 0; at < row.length; ) {
        const { paint } = row[at] ?? {};
        let text = '';
        do text += this.#character(row[at++]);
        while (at < row.length && row[at]?.paint === paint);
        line += paint && text.trim() !== '' ? paint(text) : text;
      }
      return line.trimEnd();
    });
  }

  #join(x: number, y: number, direction: number, isDashed: boolean): void {
    const cell = this.#rows[y]?.[x];
    if (!cell) return;
    cell.dashed = cell.directions === 0 ? isDashed : cell.dashed && isDashed;
    cell.directions |= direction;
  }

  #character(cell: Cell | undefined): string {
    if (!cell) return '';
    if (cell.text !== undefined) return cell.text;
    const broken = cell.dashed ? (this.#isAscii ? dashedAscii : dashed)[cell.directions] : undefined;
    return broken ?? (this.#isAscii ? ascii : unicode)[cell.directions] ?? ' ';
  }
}

function towards(sign: number, forward: number, backward: number): [number, number] {
  return sign > 0 ? [forward, backward] : [backward, forward];
}
