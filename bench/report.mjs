import { median } from './statistics.mjs';

/**
 * One line of a result.
 * @typedef {object} Line
 * @property {string} label
 * @property {'rows/s' | 'items' | 'MB' | 'ms' | 's' | '×'} unit
 * @property {readonly number[]} samples of the whole process
 * @property {readonly number[]} [net] the same without process start, as the program itself tells
 * @property {number} [ratio] what the target is about
 * @property {string} [ratioOf] `sluice ÷ Go`
 * @property {number} [atLeast] the target of the ratio, or of the value where there is no ratio
 * @property {number} [atMost]
 * @property {string} [note]
 *
 * @typedef {{ measurement: string, title: string, lines: Line[], notes: string[] }} Result
 */

/**
 * A line of rows a second out of runs of a whole job.
 * @param {string} label
 * @param {readonly { seconds: number, net: number, rows: number }[]} samples
 * @returns {Line}
 */
export function rateLine(label, samples) {
  return {
    label,
    unit: 'rows/s',
    samples: samples.map(({ rows, seconds }) => rows / seconds),
    net: samples.map(({ rows, net }) => rows / net),
  };
}

/** @param {Line} line */
export function value(line) {
  return median(line.samples);
}

/**
 * The lines with the ratio of the first to each other one.
 * @param {Line} ours
 * @param {Line} theirs
 * @param {{ name: string, atLeast?: number }} comparison
 * @returns {Line}
 */
export function compared(ours, theirs, { name, atLeast }) {
  const line = { ...theirs, ratio: value(ours) / value(theirs), ratioOf: `sluice ÷ ${name}` };
  return atLeast === undefined ? line : { ...line, atLeast };
}

/**
 * Whether the line meets its target; undefined where it has none.
 * @param {Line} line
 */
export function met(line) {
  const figure = line.ratio ?? value(line);
  if (line.atLeast !== undefined) return figure >= line.atLeast;
  if (line.atMost !== undefined) return figure <= line.atMost;
  return undefined;
}

/** @param {Result} result */
export function textOf(result) {
  const head = ['', 'median', 'min … max', 'net', 'ratio', 'target', ''];
  const table = [head, ...result.lines.map(cellsOf)];
  const widths = head.map((_, column) => Math.max(...table.map((cells) => (cells[column] ?? '').length)));
  const lines = table.map((cells) =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  const notes = result.notes.map((note) => `  ${note}`);
  return [`${result.measurement}: ${result.title}`, ...lines.map((line) => `  ${line}`), ...notes, ''].join(
    '\n',
  );
}

/**
 * @param {Line} line
 * @returns {string[]}
 */
function cellsOf(line) {
  const target =
    line.atLeast !== undefined ? `≥ ${line.atLeast}` : line.atMost !== undefined ? `≤ ${line.atMost}` : '';
  const verdict = met(line);
  return [
    line.label,
    `${figure(value(line))} ${line.unit}`,
    line.samples.length > 1
      ? `${figure(Math.min(...line.samples))} … ${figure(Math.max(...line.samples))}`
      : '',
    line.net ? figure(median(line.net)) : '',
    line.ratio === undefined ? '' : `${line.ratioOf} = ${line.ratio.toFixed(2)}`,
    target,
    verdict === undefined ? '' : verdict ? 'met' : 'MISSED',
  ];
}

/** @param {number} number */
function figure(number) {
  return number >= 1000 ? Math.round(number).toLocaleString('en-US') : number.toPrecision(3);
}
