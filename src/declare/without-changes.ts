import { type ConnectionKinds, registrationOf } from './connections.js';
import type { DocumentPath } from './document-path.js';
import type { Report } from './report.js';
import { isMapping } from './unsupported.js';

/** Fields of a replicate's ends. */
const changeFields = { from: ['changes', 'events'], to: ['load', 'ttlDeletes'] } as const;

/** Says what of a copy is about changes, and returns the step without it. */
export function withoutChanges(
  value: Readonly<Record<string, unknown>>,
  path: DocumentPath,
  kinds: ConnectionKinds,
  report: Report,
): Readonly<Record<string, unknown>> {
  sayAppend(value['to'], path, kinds, report);
  const ends = (['from', 'to'] as const).map((end) => {
    const given = value[end];
    if (!isMapping(given)) return [end, given] as const;
    const own: readonly string[] = changeFields[end];
    for (const field of Object.keys(given).filter((each) => own.includes(each))) {
      const message = `\`${field}\` goes with a step \`replicate\` only`;
      const hint = 'a copy moves what is there, once; a replicate follows what changes';
      report.add([...path, end, field], { code: 'conflict', message, hint, at: 'key' });
    }
    const rest = Object.entries(given).filter(([field]) => !own.includes(field));
    return [end, Object.fromEntries(rest)] as const;
  });
  return { ...value, ...Object.fromEntries(ends.filter(([, end]) => end !== undefined)) };
}

/** Into files a copy writes whole exports. */
function sayAppend(to: unknown, path: DocumentPath, kinds: ConnectionKinds, report: Report): void {
  if (!isMapping(to) || to['mode'] !== 'append' || typeof to['connection'] !== 'string') return;
  const kind = kinds.get(to['connection']);
  if (kind === undefined || registrationOf(kind).changeLoad === undefined) return;
  const message = 'into files `mode: append` goes with a step `replicate` only';
  const hint = 'leave `mode` out: a copy writes a whole new export';
  report.add([...path, 'to', 'mode'], { code: 'conflict', message, hint });
}
