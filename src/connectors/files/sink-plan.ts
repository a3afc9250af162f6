import type { Context, Finding, Incoming, SinkPlan } from '../connector.js';
import type { Latest } from '../manifest.js';
import { ownerFindings, readLatest } from '../published.js';
import type { Store } from '../store.js';
import type { FormatPlan } from './format.js';
import type { FileSinkSettings } from './sink-options.js';

/** Each becomes one file on disk, made to last by one call; larger ones cost more memory than they save calls. */
const BATCH = { rows: 50_000, bytes: 2 * 1024 * 1024 } as const;
/** While one makes lines the others wait for the disk, which makes several files last in little more time than one. */
const MAX_WRITERS = 3;

export interface SinkFacts {
  readonly settings: FileSinkSettings;
  readonly store: Store;
  readonly incoming: Incoming;
  readonly format: FormatPlan;
  readonly context: Context;
}

/** What the sink will do; nothing is written. */
export async function planSink(facts: SinkFacts): Promise<SinkPlan> {
  const { settings, store, incoming, format, context } = facts;
  const { table, bounds } = settings;
  const description = await store.describe('write');
  const refused = description.findings.some(({ level }) => level === 'refuse');
  const found = refused ? undefined : await readLatest(store, `${table}/`);
  const exists = found !== undefined;
  const name = `${description.name}${table}/`;
  return {
    name,
    identity: `${description.identity}/${table}`,
    exists,
    ...(exists ? {} : created(name, incoming, format)),
    key: [],
    journeys: format.journeys,
    findings: [
      ...description.findings,
      ...format.findings,
      ...modeFindings(facts),
      ...ownerFindings(found?.latest, context),
      ...formatFindings(found?.latest, settings),
    ],
    batch: { rows: Math.min(BATCH.rows, bounds.rows), bytes: BATCH.bytes },
    appends: true,
    restarts: true,
    maxWriters: MAX_WRITERS,
    processes: 'one',
    permissions: description.permissions,
  };
}

/** Whoever reads the one finds the other from this run on, and the one is removed as any that is older. */
function formatFindings(latest: Latest | undefined, { table, files }: FileSinkSettings): readonly Finding[] {
  if (latest === undefined || latest.format === files.format) return [];
  const message = `${table}/ holds exports of ${latest.format}, whose place this one of ${files.format} takes`;
  const hint = 'another name of the table, or another folder, keeps both';
  return [{ level: 'warn', code: 'note', message, hint }];
}

function created(
  name: string,
  { key }: Incoming,
  { rows }: FormatPlan,
): Pick<SinkPlan, 'creates' | 'becomes'> {
  return {
    creates: `a folder of exports, ${name}`,
    ...(rows ? { becomes: { columns: rows.columns, open: false, key } } : {}),
  };
}

/** An export is whole: nothing is added to it, by changes, by rows that are sent again, or by another run. */
function modeFindings({ settings, incoming, context }: SinkFacts): readonly Finding[] {
  const { table } = settings;
  if (incoming.changes) {
    const message = `${table}: an export is whole, and changes come`;
    return [{ level: 'refuse', code: 'unsupported', message, hint: 'mode: append adds them as files' }];
  }
  if (!context.replay) return [];
  const message = `${table}: single rows cannot be added to an export`;
  return [{ level: 'refuse', code: 'unsupported', message, hint: 'mend what refused them, and run again' }];
}
