import { dirname, resolve } from 'node:path';
import { keyFile } from '../connectors/key-file-option.js';
import type { CopyStep, Step } from './declaration.js';
import type { DocumentPath } from './document-path.js';
import { checked } from './issues.js';
import type { Report } from './report.js';
import { isMapping } from './unsupported.js';
import { kindOf } from './wording.js';

type Fields = Readonly<Record<string, unknown>>;

/** Checks the options of a source, as `from` has them; undefined when the report has been told of mistakes. */
type CheckSource = (from: Fields, path: DocumentPath) => Fields | undefined;

const STANDARD_INPUT = '-';
const hint = './keys.txt, "-" for standard input, { file, format }, or { connection, query }';

/** Which keys a source reads: a file's name, a file, or another source. `from` is what else the source says. */
export function checkKeyList(
  keys: unknown,
  from: Fields,
  path: DocumentPath,
  report: Report,
  checkSource: CheckSource,
): Fields | undefined {
  if (keys === '') {
    report.add(path, { code: 'wrong_value', message: 'the text is empty', hint });
    return undefined;
  }
  if (typeof keys === 'string') return { file: keys };
  if (!isMapping(keys)) {
    report.add(path, { code: 'wrong_type', message: `expected a key list, not ${kindOf(keys)}`, hint });
    return undefined;
  }
  if (keys['file'] !== undefined || keys['format'] !== undefined) return checked(keyFile, keys, path, report);
  if (keys['keys'] !== undefined) {
    report.add([...path, 'keys'], { code: 'conflict', message: 'a key list has no key list of its own' });
    return undefined;
  }
  const own = keys['connection'] === undefined;
  const table =
    own && keys['table'] === undefined && keys['tables'] === undefined ? { table: from['table'] } : {};
  return checkSource({ ...(own ? { connection: from['connection'] } : {}), ...table, ...keys }, path);
}

/** The steps with the files of their key lists made absolute. `file` is the declaration's path. */
export function withAbsoluteKeyLists(steps: readonly Step[], file: string): Step[] {
  const series = (inner: readonly Step[]) => withAbsoluteKeyLists(inner, file);
  return steps.map((step) => {
    const { onFailure } = step;
    const common = onFailure ? { onFailure: { ...onFailure, steps: series(onFailure.steps) } } : {};
    if (step.kind === 'parallel') return { ...step, ...common, branches: step.branches.map(series) };
    return { ...(step.kind === 'copy' ? withAbsoluteKeyList(step, file) : step), ...common };
  });
}

function withAbsoluteKeyList(step: CopyStep, file: string): CopyStep {
  const { keys } = step.from;
  if (!isMapping(keys) || typeof keys['file'] !== 'string' || keys['file'] === STANDARD_INPUT) return step;
  const absolute = { ...keys, file: resolve(dirname(file), keys['file']) };
  return { ...step, from: { ...step.from, keys: absolute } };
}
