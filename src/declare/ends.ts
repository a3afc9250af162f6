import type { ConnectionKinds } from './connections.js';
import { registrationOf } from './connections.js';
import type { SinkDeclaration, SourceDeclaration } from './declaration.js';
import type { DocumentPath } from './document-path.js';
import { asMeant, checked } from './issues.js';
import { checkKeyList } from './key-lists.js';
import type { Report } from './report.js';
import { checkSince, withoutSince } from './since.js';
import { didYouMean } from './suggestion.js';
import { isMapping, sayUnsupported } from './unsupported.js';
import { kindOf, quoted } from './wording.js';

export interface Ends {
  readonly from: SourceDeclaration;
  readonly to: SinkDeclaration;
}

/** The two ends of a copy, with the sink's table filled in; undefined when the report has been told of mistakes. */
export function checkEnds(
  step: Readonly<Record<string, unknown>>,
  path: DocumentPath,
  kinds: ConnectionKinds,
  report: Report,
): Ends | undefined {
  const from = checkEnd('source', step['from'], [...path, 'from'], kinds, report);
  const to = checkEnd('sink', step['to'], [...path, 'to'], kinds, report);
  checkTables(step['from'], step['to'], path, report);
  if (!from || !to) return undefined;
  const table = to['table'] ?? (from['tables'] === undefined ? from['table'] : '{table}');
  if (typeof table !== 'string') return undefined;
  return { from: from as SourceDeclaration, to: { ...to, table } as SinkDeclaration };
}

/** The options, if they passed the schema of the connection's kind. */
function checkEnd(
  side: 'source' | 'sink',
  value: unknown,
  path: DocumentPath,
  kinds: ConnectionKinds,
  report: Report,
): Readonly<Record<string, unknown>> | undefined {
  const field = String(path.at(-1));
  const hint = `${field}: { connection: NAME, table: NAME }`;
  if (value === undefined) {
    report.add(path, { code: 'missing_field', message: `\`${field}\` is missing`, hint });
    return undefined;
  }
  if (!isMapping(value)) {
    report.add(path, { code: 'wrong_type', message: `expected a mapping, not ${kindOf(value)}`, hint });
    return undefined;
  }
  const kind = kindOfConnection(value['connection'], path, kinds, report);
  const known =
    kind === 'dynamodb' && side === 'source' ? withoutSince(value, 'dynamodb', path, report) : value;
  if (kind === undefined || !isMapping(known)) return undefined;
  const { [side]: schema, rules, title } = registrationOf(kind);
  if (schema === undefined) {
    if (side === 'source' && registrationOf(kind).sink)
      sayUnsupported(`reading ${title}`, [...path, 'connection'], report);
    else sayNoEnd(value['connection'], kind, path, report);
    return undefined;
  }
  rules[side]?.(asMeant(schema, known), ({ among, ...objection }) => {
    const suggestion = among ? didYouMean(among.written, among.names) : '';
    report.add([...path, ...objection.path], { ...objection, message: objection.message + suggestion });
  });
  const hasList = kind === 'dynamodb' && side === 'source' && known['keys'] !== undefined;
  const { keys, ...rest } = known;
  const options = checked(schema, hasList ? rest : known, path, report);
  if (!hasList) return options as Readonly<Record<string, unknown>> | undefined;
  const list = checkKeyList(keys, rest, [...path, 'keys'], report, (from, at) =>
    checkEnd(
      'source',
      isMapping(from) ? withoutSince(from, 'key list', at, report) : from,
      at,
      kinds,
      report,
    ),
  );
  return options && list ? { ...options, keys: list } : undefined;
}

/** A queue or a delivery stream is no end: it lies between them. Nor is what makes exports of its own. */
function sayNoEnd(name: unknown, kind: string, path: DocumentPath, report: Report): void {
  const field = String(path.at(-1));
  if (kind === 'rds') {
    const message = `\`${field}\` names an RDS instance or cluster, whose snapshots are exported; rows are copied by kind mysql`;
    const step = '{ export: NAME, from: { connection: NAME }, to: … }';
    const hint = `a step ${step}, or a connection of kind mysql`;
    report.add([...path, 'connection'], { code: 'conflict', message, hint });
    return;
  }
  const what = kind === 'firehose' ? 'a delivery stream' : 'a queue';
  const message = `\`${field}\` names ${what} (kind: ${kind}), which lies between a source and a sink`;
  const hint = `via: { connection: ${quoted(name, 'connection') ?? 'NAME'} }, and a table in \`${field}\``;
  report.add([...path, 'connection'], { code: 'conflict', message, hint });
}

/** The kind of a connection by its name; says what is wrong with the name. */
export function kindOfConnection(
  name: unknown,
  path: DocumentPath,
  kinds: ConnectionKinds,
  report: Report,
): ReturnType<ConnectionKinds['get']> {
  const names = [...kinds.keys()];
  const hint = names.length > 0 ? `the connections are: ${names.join(', ')}` : undefined;
  if (name === undefined) {
    report.add(path, { code: 'missing_field', message: '`connection` is missing', hint });
  } else if (typeof name !== 'string') {
    const message = `expected the name of a connection, not ${kindOf(name)}`;
    report.add([...path, 'connection'], { code: 'wrong_type', message, hint });
  } else if (!kinds.has(name)) {
    const message = `no connection is named ${quoted(name, 'connection') ?? 'so'}${didYouMean(name, names)}`;
    report.add([...path, 'connection'], { code: 'unknown_connection', message, hint });
  }
  return typeof name === 'string' ? kinds.get(name) : undefined;
}

/** What the tables of both ends have to do with each other. */
function checkTables(from: unknown, to: unknown, path: DocumentPath, report: Report): void {
  if (!isMapping(from) || !isMapping(to)) return;
  const { table } = to;
  const place = [...path, 'to', 'table'];
  const isMany = from['tables'] !== undefined;
  const hasSlot = typeof table === 'string' && /\{(?:table|match)\}/.test(table);
  if (isMany && typeof table === 'string' && !hasSlot) {
    const message = 'many tables would go into one';
    report.add(place, { code: 'conflict', message, hint: `table: "${table}-{table}", or leave it out` });
  }
  if (!isMany && hasSlot) {
    const message = '`{table}` and `{match}` go with `from.tables` only';
    report.add(place, { code: 'conflict', message, hint: 'write the name of the table' });
  }
  if (table === undefined && from['query'] !== undefined && from['table'] === undefined && !isMany) {
    const hint = 'a query has no table whose name the sink could take';
    report.add([...path, 'to'], { code: 'missing_field', message: '`table` is missing', hint });
  }
  checkSince(from, to, path, report);
  checkSame(from, to, path, report);
}

/** The plan compares servers; here only what is said to be the same is the same. */
function checkSame(
  from: Readonly<Record<string, unknown>>,
  to: Readonly<Record<string, unknown>>,
  path: DocumentPath,
  report: Report,
): void {
  if (from['connection'] === undefined || from['connection'] !== to['connection']) return;
  const isMany = from['tables'] !== undefined;
  const source = isMany ? '{table}' : from['table'];
  if (source === undefined || source !== (to['table'] ?? source)) return;
  const message = 'source and sink are the same table';
  const hint = 'write into another table, or through another connection';
  report.add([...path, 'to'], { code: 'same_table', message, hint });
}
