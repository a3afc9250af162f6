import { LineCounter, type YAMLError } from 'yaml';
import type { DocumentPath } from '../document-path.js';
import { PlaceIndex } from '../place-index.js';
import type { RawDocument } from '../raw-document.js';
import { type Mistake, type Place, Report } from '../report.js';
import { convert } from './convert.js';
import { compose, type SayAt } from './tokens.js';

/** What was found at an offset before it was known which path that is. */
interface Finding {
  readonly offset: number;
  readonly mistake: Mistake;
  readonly path: DocumentPath | undefined;
}

/**
 * Reads YAML 1.2 (core schema; JSON is a part of it). Never throws for what the text holds: mistakes are in
 * the report, and `value` is as much as could be understood.
 */
export function readYaml(text: string, file: string): RawDocument {
  const places = new PlaceIndex();
  const report = new Report(file, places);
  const placeAt = placeFinder(text);
  const findings: Finding[] = [];
  const starts: { readonly offset: number; readonly path: DocumentPath }[] = [];
  const say: SayAt = (offset, mistake, path) => findings.push({ offset, mistake, path });
  places.set([], { line: 1, column: 1 });
  const document = compose(text, say);
  for (const error of document?.errors ?? []) sayError(error, say);
  const converted =
    document &&
    convert(document, say, (path, valueOffset, keyOffset) => {
      places.set(path, placeAt(valueOffset), keyOffset === undefined ? undefined : placeAt(keyOffset));
      starts.push({ offset: keyOffset ?? valueOffset, path });
    });
  for (const { offset, mistake, path } of findings.slice(0, MAX_FINDINGS)) {
    report.addAt(placeAt(offset), path ?? lastBefore(offset, starts), mistake);
  }
  const isBroken = findings.some(({ mistake: { code } }) => code === 'syntax' || code === 'too_large');
  const complete = !isBroken && converted?.incomplete === false;
  return { value: converted?.value, places, report, complete };
}

const MAX_FINDINGS = 500;

function lastBefore(
  offset: number,
  starts: readonly { readonly offset: number; readonly path: DocumentPath }[],
): DocumentPath {
  let last = { offset: 0, path: [] as DocumentPath };
  for (const start of starts) if (start.offset <= offset && start.offset >= last.offset) last = start;
  return last.path;
}

function placeFinder(text: string): (offset: number) => Place {
  const lines = lineCounter(text);
  return (offset) => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { line, column: col };
  };
}

function lineCounter(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  return lines;
}

function sayError({ code, message, pos }: YAMLError, say: SayAt): void {
  if (code === 'TAG_RESOLVE_FAILED' || code === 'MULTIPLE_DOCS' || code === 'BAD_DIRECTIVE') return;
  say(pos[0], { code: 'syntax', message: `not YAML: ${sentence(message)}`, hint: hints[code] });
}

/** The parser's message as the end of a sentence, without its picture of the line. */
function sentence(message: string): string {
  const [first = message] = message.split('\n');
  const said = first.replace(/ at line \d+, column \d+:?$/, '');
  return said.charAt(0).toLowerCase() + said.slice(1);
}

const hints: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  BAD_INDENT: 'the fields of one mapping begin in the same column',
  BAD_ALIAS: 'put text that begins with * between quotes',
  BAD_SCALAR_START: 'put the text between quotes',
  MULTILINE_IMPLICIT_KEY: 'is a colon or a quote missing?',
};
