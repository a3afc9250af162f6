import type { Batch } from '../../../values/batch.js';
import type { Column } from '../../../values/column.js';
import type { Refused } from '../../connector.js';
import { loneSurrogate, notUnicode } from '../cell-text.js';
import { csvText } from './encode.js';

/** Numbers cannot be formulas, and would become text by an apostrophe. */
const numbers: ReadonlySet<string> = new Set(['int', 'decimal', 'float']);

/** What a spreadsheet takes for a formula: https://owasp.org/www-community/attacks/CSV_Injection */
const formula = /^[=+\-@\t\r]/;

/**
 * CSV for a spreadsheet, and not exact: text that it would take for a formula has an apostrophe before it, NULL looks like the empty
 * text. All fields are quoted; with a byte order mark and CRLF, which Excel wants.
 */
export class PeopleCsvEncoder {
  readonly #columns: readonly Column[];

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
  }

  header(): Buffer {
    return Buffer.from(`\uFEFF${this.#columns.map(({ name }) => field(name, true)).join(',')}\r\n`);
  }

  /** The lines of the rows, without those that are refused. */
  encode({ rows }: Batch): { readonly bytes: Buffer; readonly refused: readonly Refused[] } {
    const refused: Refused[] = [];
    let lines = '';
    for (const [index, row] of rows.entries()) {
      const texts = this.#columns.map((_, at) => csvText(row[at]) ?? '');
      const wrong = texts.findIndex((text) => loneSurrogate.test(text));
      if (wrong !== -1) refused.push({ row: index, ...notUnicode, column: this.#columns[wrong]?.name ?? '' });
      else lines += `${texts.map((text, at) => field(text, !this.#isNumber(at))).join(',')}\r\n`;
    }
    return { bytes: Buffer.from(lines), refused };
  }

  #isNumber(at: number): boolean {
    return numbers.has(this.#columns[at]?.type ?? '');
  }
}

function field(text: string, mayBeFormula: boolean): string {
  const harmless = mayBeFormula && formula.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}
