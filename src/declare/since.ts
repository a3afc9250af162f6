import { isZone } from '../schedule/zone.js';
import type { DocumentPath } from './document-path.js';
import type { Report } from './report.js';
import { didYouMean } from './suggestion.js';
import { isMapping } from './unsupported.js';

type Mapping = Readonly<Record<string, unknown>>;

/** A Scan is no snapshot, no index orders a table's items by time, and DynamoDB tells no clock and no last change. */
const impossible = {
  code: 'unsupported',
  message: '`since` is not possible with DynamoDB: nothing tells in which order items were written',
  hint: 'give the firing to a filter: filter: "updated >= :from", values: { ":from": "{{ firing.start }}" }',
  at: 'key',
} as const;

const notInList = {
  code: 'conflict',
  message: '`since` is of a copy: a key list is read whole',
  hint: 'narrow the list by `where` and a firing: where: "updated_at >= {{ firing.start }}"',
  at: 'key',
} as const;

/** Modes in which what a run does not read would be taken for gone. */
const wholeModes: ReadonlySet<unknown> = new Set(['mirror', 'replace']);

/** The options of a source that cannot have `since` without it: DynamoDB, and whatever a key list comes from. */
export function withoutSince(
  options: Mapping,
  place: 'dynamodb' | 'key list',
  path: DocumentPath,
  report: Report,
): Mapping {
  const { since, ...others } = options;
  if (since !== undefined) report.add([...path, 'since'], place === 'dynamodb' ? impossible : notInList);
  return others;
}

/** A copy that reads only what is new must not take away what is old. */
export function checkSince(from: Mapping, to: Mapping, path: DocumentPath, report: Report): void {
  const { since } = from;
  if (since === undefined) return;
  checkZone(since, [...path, 'from', 'since', 'zone'], report);
  if (!wholeModes.has(to['mode'])) return;
  const message = `\`since\` reads only what is new; \`mode: ${to['mode']}\` takes away what it does not read`;
  const hint = 'another mode, or leave `since` out';
  report.add([...path, 'to', 'mode'], { code: 'conflict', message, hint });
}

function checkZone(since: unknown, path: DocumentPath, report: Report): void {
  const zone = isMapping(since) ? since['zone'] : undefined;
  if (typeof zone !== 'string' || isZone(zone)) return;
  const message = `not a time zone${didYouMean(zone, Intl.supportedValuesOf('timeZone'))}`;
  report.add(path, { code: 'wrong_value', message, hint: 'one looks like Asia/Tokyo' });
}
