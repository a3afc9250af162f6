import type { Reading } from './conditions.js';
import { type ConnectionKinds, registrationOf } from './connections.js';
import { readContents } from './contents.js';
import { type CommonOptions, commonFields } from './copy-step.js';
import type { LoadDeclaration, ReplicateStep } from './declaration.js';
import { type DocumentPath, formatPath } from './document-path.js';
import { checkEnds, type Ends } from './ends.js';
import { checked } from './issues.js';
import type { Report } from './report.js';
import { secondsOf } from './schema/duration.js';
import { fieldsAt } from './schema/fields.js';
import {
  changeFields,
  changesSchema,
  loadFields,
  loadsSchema,
  type ReplicateOptions,
  replicate,
} from './schema/replicate.js';
import { readTests } from './step-tests.js';
import { isMapping, sayUnsupported } from './unsupported.js';
import { checkDelivery } from './via.js';
import { kindOf } from './wording.js';

const DEFAULT_LOAD: LoadDeclaration = { rows: 10_000, bytes: 16 * 1024 * 1024, seconds: 1 };

type Options = Readonly<Record<string, unknown>>;
type Mode = 'append' | 'mirror';

/** A step that has the field `replicate`; undefined when the report has been told of mistakes. */
export function checkReplicate(
  value: Options,
  path: DocumentPath,
  kinds: ConnectionKinds,
  reading: Pick<Reading, 'report' | 'schemas'>,
): ReplicateStep | undefined {
  const { report } = reading;
  const from = split(value['from'], Object.keys(changeFields));
  const to = split(value['to'], Object.keys(loadFields));
  const changes = checked(changesSchema, from.own, [...path, 'from'], report);
  const loads = checked(loadsSchema, to.own, [...path, 'to'], report);
  const follows = sayUnfollowed(from.rest, path, kinds, report);
  const ends = follows
    ? checkEnds({ ...value, from: from.rest, to: to.rest }, path, kinds, report)
    : undefined;
  const mode = modeOf(to.rest, path, report);
  const { from: _from, to: _to, ...known } = value;
  const options = checked(replicate, known, path, report);
  const contents = options && readContents(options, path, reading);
  sayConflicts(value, path, report);
  checkDelivery(value, path, kinds, report);
  if (!changes || !loads || !ends || !options || !mode) return undefined;
  return {
    ...commonFields({ ...options, parallel: undefined } as CommonOptions),
    kind: 'replicate',
    name: options.replicate,
    path: formatPath(path),
    ...withMode(ends, mode),
    changes: changes.changes ?? 'oldest',
    events: changes.events ?? (mode === 'mirror' ? ['insert', 'modify', 'remove'] : ['insert', 'modify']),
    load: loadOf(loads.load, defaultLoad(to.rest, kinds)),
    ...first(options),
    ...(options.via && { via: options.via }),
    ...contents,
    ...readTests(options.tests, path, report),
  };
}

function first({ first }: ReplicateOptions): Pick<ReplicateStep, 'first'> {
  return first ? { first } : {};
}

function withMode({ from, to }: Ends, mode: Mode): Ends {
  return { from, to: { ...to, mode } };
}

function defaultLoad(to: unknown, kinds: ConnectionKinds): LoadDeclaration {
  const name = isMapping(to) ? to['connection'] : undefined;
  const kind = typeof name === 'string' ? kinds.get(name) : undefined;
  return (kind && registrationOf(kind).changeLoad) ?? DEFAULT_LOAD;
}

function loadOf(
  load: { rows?: number | undefined; bytes?: number | undefined; seconds?: number | string | undefined } = {},
  { rows, bytes, seconds }: LoadDeclaration,
): LoadDeclaration {
  return {
    rows: load.rows ?? rows,
    bytes: load.bytes ?? bytes,
    seconds: secondsOf(load.seconds ?? seconds),
  };
}

/** The fields that are the changes' own, and what a connection of the kind knows. */
function split(end: unknown, fields: readonly string[]): { readonly own: Options; readonly rest: unknown } {
  if (!isMapping(end)) return { own: {}, rest: end };
  const entries = Object.entries(end);
  return {
    own: Object.fromEntries(entries.filter(([field]) => fields.includes(field))),
    rest: Object.fromEntries(entries.filter(([field]) => !fields.includes(field))),
  };
}

/** Says what of `from` cannot be followed; false where no other mistake of it matters. */
function sayUnfollowed(from: unknown, path: DocumentPath, kinds: ConnectionKinds, report: Report): boolean {
  if (!isMapping(from)) return true;
  const { connection } = from;
  const kind = typeof connection === 'string' ? kinds.get(connection) : undefined;
  if (kind === undefined) return true;
  const { feeds, title, source } = registrationOf(kind);
  if (feeds !== true) {
    sayUnsupported(`following the changes of ${title}`, [...path, 'from', 'connection'], report);
    return false;
  }
  const known = (source ? fieldsAt(source, []) : []).filter(
    (field) => field !== 'connection' && field !== 'table',
  );
  const fields = Object.keys(from).filter((field) => known.includes(field));
  for (const field of fields) {
    report.add([...path, 'from', field], {
      code: 'conflict',
      message: `\`${field}\` does not go with changes: a stream has all of them`,
      hint: 'name one table; `events` chooses which changes are taken',
      at: 'key',
    });
  }
  return fields.length === 0;
}

function modeOf(to: unknown, path: DocumentPath, report: Report): Mode | undefined {
  if (!isMapping(to)) return undefined;
  const { mode } = to;
  const hint = 'append: a row for each change; mirror: the table as its source is now';
  if (mode === 'append' || mode === 'mirror') return mode;
  if (mode === undefined) {
    report.add([...path, 'to'], { code: 'missing_field', message: '`mode` is missing', hint });
  } else if (typeof mode === 'string') {
    const message = 'this mode is not one for changes';
    report.add([...path, 'to', 'mode'], { code: 'wrong_value', message, hint });
  } else {
    const message = `mode cannot be ${kindOf(mode)}`;
    report.add([...path, 'to', 'mode'], { code: 'wrong_type', message, hint });
  }
  return undefined;
}

/** What excludes each other in a replicate. */
function sayConflicts(value: Options, path: DocumentPath, report: Report): void {
  const from = isMapping(value['from']) ? value['from'] : {};
  const to = isMapping(value['to']) ? value['to'] : {};
  const conflict = (at: DocumentPath, message: string, hint: string) =>
    report.add([...path, ...at], { code: 'conflict', message, hint });
  const { events, changes } = from;
  if (isMapping(value['onFailure']) && value['onFailure']['then'] === 'continue') {
    const message = 'a load that failed may be in the sink: only the same run can go on behind it';
    conflict(['onFailure'], message, 'say `then: stop`');
  }
  if (to['mode'] === 'append' && value['first'] !== undefined) {
    conflict(
      ['first'],
      'an item that changes while it is copied would be there twice',
      'use mode mirror, or leave `first` out',
    );
  }
  if (changes !== undefined && value['first'] !== undefined) {
    conflict(['from', 'changes'], 'the changes begin where the first copy does', 'leave `changes` out');
  }
  const lacks = Array.isArray(events) && ['insert', 'modify'].find((each) => !events.includes(each));
  if (to['mode'] === 'mirror' && lacks) {
    conflict(
      ['from', 'events'],
      `a mirror without ${lacks} holds what its source does not`,
      'leave `events` out, or use mode append',
    );
  }
  if (to['duplicates'] !== undefined) {
    const message = 'of two changes of one item the later one always wins';
    conflict(['to', 'duplicates'], message, 'leave `duplicates` out');
  }
}
