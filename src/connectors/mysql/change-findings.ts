import type { Finding, Incoming } from '../connector.js';
import { showTable } from './identifier.js';
import type { MysqlSinkOptions } from './options.js';
import type { SinkFacts } from './sink-findings.js';

/** What the plan has to say where rows are changes, or options speak of changes and there are none. */
export function changeFindings(facts: SinkFacts): readonly Finding[] {
  const { incoming, options, mode } = facts;
  const ofMode = modeFindings(incoming, options);
  if (!incoming.changes || ofMode.length > 0) return ofMode;
  return mode === 'mirror' ? mirrorFindings(facts) : appendFindings(facts);
}

/** Those that need no table. */
export function modeFindings(incoming: Incoming, { mode, ttlDeletes }: MysqlSinkOptions): readonly Finding[] {
  if (!incoming.changes) {
    if (ttlDeletes === undefined) return [];
    return [
      {
        level: 'note',
        code: 'note',
        message: 'ttlDeletes is about changes, and rows come',
        path: 'to.ttlDeletes',
      },
    ];
  }
  if (mode === 'append' || mode === 'mirror') return [];
  const message = `changes go by append or mirror, not by ${mode ?? 'upsert, which is the default'}`;
  const hint = 'mode: mirror keeps the table as the source is; mode: append adds a row for each change';
  return [refuse('unsupported', message, 'to.mode', hint)];
}

/** Rows of the table and items of the source must be the same, and a remove holds the key alone. */
function mirrorFindings({ incoming, table, options }: SinkFacts): readonly Finding[] {
  const findings: Finding[] = [];
  const { primaryKey } = table;
  const isSame =
    primaryKey.length === incoming.key.length && primaryKey.every((name) => incoming.key.includes(name));
  if (!isSame && primaryKey.length > 0) {
    const comes = incoming.key.length === 0 ? 'which does not come whole' : incoming.key.join(', ');
    findings.push(
      refuse(
        'key_missing',
        `${showTable(table)}: a mirror needs the key of the source as its primary key: it is ${primaryKey.join(', ')}, and not that of the source, ${comes}`,
        'to.table',
        'a removed item is known by its key alone: map the key, or use append',
      ),
    );
  }
  if (options.foreignKeys === 'after') {
    findings.push(
      refuse(
        'unsupported',
        `${showTable(table)}: changes have no end after which foreign keys could be verified`,
        'to.foreignKeys',
        'foreignKeys: check makes rows without their parent rejects, which can be replayed',
      ),
    );
  }
  return findings;
}

function appendFindings({ incoming, table, map }: SinkFacts): readonly Finding[] {
  const { primaryKey } = table;
  const isGiven = primaryKey.every((name) => map.columns.some(({ column }) => column.name === name));
  if (primaryKey.length === 0 || !(isGiven || incoming.open)) return [];
  const name = showTable(table);
  if (primaryKey.every((column) => incoming.key.includes(column))) {
    return [
      {
        level: 'warn',
        code: 'note',
        message: `${name}: the primary key ${primaryKey.join(', ')} is that of the source, so that the second change of an item is a reject (unique_clash)`,
        hint: 'use mirror, or a table whose key the server numbers',
        path: 'to.mode',
      },
    ];
  }
  const message = `${name}: a change whose primary key is there already is a reject (unique_clash)`;
  return [{ level: 'note', code: 'note', message }];
}

function refuse(code: Finding['code'], message: string, path: string, hint?: string): Finding {
  return { level: 'refuse', code, message, path, ...(hint ? { hint } : {}) };
}
