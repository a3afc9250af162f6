import type { Finding, Refused, Sink, Source } from '../connectors/connector.js';
import type { CopyStep } from '../declare/declaration.js';
import type { Drift } from '../transform/drift.js';
import type { Transform } from '../transform/transform.js';
import { driftText } from './drift-text.js';

/** Rows that the plan tries: enough to meet what is wrong with all of them, few enough to cost nothing. */
const TRIED_ROWS = 100;
const TRIED_BYTES = 4 * 1024 * 1024;

/**
 * Takes the first rows on the whole way but for the writing, so that what would stop a run at its first rows is
 * refused before anything is written. Within `rejects.limit` it is a warning.
 */
export async function tryFirstRows(
  source: Source,
  sink: Sink,
  transform: Transform,
  step: CopyStep,
): Promise<readonly Finding[]> {
  const [part] = await source.parts(1);
  if (!part) return [];
  const drift = transform.watchDrift();
  const request = { maxRows: TRIED_ROWS, maxBytes: TRIED_BYTES, atMost: TRIED_ROWS };
  for await (const incoming of source.read(part, request)) {
    const { batch, dropped, origin } = transform.apply(incoming);
    const refused = [
      ...dropped.map(({ row, refusal: { code, message, column } }) => ({ row, code, message, column })),
      ...sink.trial(batch).map((one) => ({ ...one, row: origin?.[one.row] ?? one.row })),
    ];
    return [...findings(refused, incoming.rows.length, step), ...driftNotes(drift)];
  }
  return [];
}

/** What the schema does not know or foresee; rows that it refuses for that are findings of their own. */
function driftNotes(drift: Drift | undefined): readonly Finding[] {
  const { findings: found, rows } = drift?.report() ?? { findings: [], rows: 0 };
  return found.map((finding) => ({
    level: 'note',
    code: 'note',
    message: `drift in the first ${rows} rows: ${driftText(finding)}`,
    path: finding.path,
  }));
}

type Reason = Pick<Refused, 'code' | 'message'> & { readonly column?: string | undefined };

/** One finding for each reason and column. */
function findings(refused: readonly Reason[], tried: number, step: CopyStep): readonly Finding[] {
  const byReason = new Map<string, { readonly reason: Reason; rows: number }>();
  for (const reason of refused) {
    const key = JSON.stringify([reason.code, reason.column ?? null]);
    const known = byReason.get(key) ?? { reason, rows: 0 };
    known.rows++;
    byReason.set(key, known);
  }
  const { limit } = step.rejects;
  const level = 'rows' in limit && refused.length > limit.rows ? 'refuse' : 'warn';
  return [...byReason.values()].map(({ reason, rows }) => ({
    level,
    code: reason.code,
    message: `${rows} of the first ${tried} rows would be rejected: ${reason.message}`,
    ...(level === 'refuse' ? { hint: 'mend the rows or the declaration, or raise rejects.limit' } : {}),
    ...(reason.column === undefined ? {} : { path: reason.column }),
  }));
}
