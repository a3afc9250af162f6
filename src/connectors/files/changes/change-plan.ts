import type { Finding, SinkPlan } from '../../connector.js';
import type { SinkFacts } from '../sink-plan.js';
import { changesFolder } from './change-name.js';

/** What a load is as a rule; the declaration says how large it may be. */
const BATCH = { rows: 50_000, bytes: 16 * 1024 * 1024 } as const;

/** What the sink of changes will do; nothing is written. */
export async function planChanges({
  settings,
  store,
  incoming,
  format,
  context,
}: SinkFacts): Promise<SinkPlan> {
  const folder = changesFolder(settings.table);
  const description = await store.describe('add', folder);
  const { findings } = description;
  const isUnfit = findings.some(({ level }) => level === 'refuse');
  const exists = !isUnfit && (await holdsAny(store.list(folder)));
  const name = `${description.name}${folder}`;
  return {
    name,
    identity: `${description.identity}/${folder}`,
    exists,
    ...(exists ? {} : { creates: `a folder of changes, ${name}` }),
    key: [],
    journeys: format.journeys,
    findings: [
      ...findings,
      ...format.findings,
      ...(incoming.changes ? [] : [rowsCome(settings.table)]),
      ...(context.handed && !context.replay ? [handedOver(settings.table)] : []),
    ],
    batch: BATCH,
    appends: true,
    maxWriters: 1,
    permissions: description.permissions,
  };
}

async function holdsAny(objects: AsyncIterable<unknown>): Promise<boolean> {
  for await (const _ of objects) return true;
  return false;
}

function rowsCome(table: string): Finding {
  return {
    level: 'refuse',
    code: 'unsupported',
    message: `${table}: append adds changes, and rows come`,
    hint: 'leave `mode` out: a copy writes a whole new export; or follow the changes of a table by a step `replicate`',
    path: 'to.mode',
  };
}

/** They come again in other batches, and a file says nothing of which changes it holds. */
function handedOver(table: string): Finding {
  return {
    level: 'refuse',
    code: 'unsupported',
    message: `${table}: changes that a service hands over cannot be added to files once`,
    hint: 'follow them by `sluice run`, which reads the stream itself',
    path: 'to.mode',
  };
}
