import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RejectRecord, RejectSettled } from '../engine/rejects.js';
import { parseRecords } from './record-file.js';

/** The rejects of one step of one run that nothing has settled since. */
export interface OutstandingRejects {
  readonly run: string;
  readonly step: string;
  readonly path: string;
  /** Each once, as its last attempt left it, in the order of the file. */
  readonly records: readonly RejectRecord[];
  /** How many were settled by replays. */
  readonly settled: number;
}

/** Where the rejects of a step of a run lie. Step names hold no separators: tables' names are made safe. */
export function rejectFilePath(folder: string, run: string, step: string): string {
  return join(folder, run, `${encodeURIComponent(step)}.jsonl`);
}

/** Reads the last word on each reject; a file that is not there holds none. */
export async function readRejects(folder: string, run: string, step: string): Promise<OutstandingRejects> {
  const path = rejectFilePath(folder, run, step);
  const { records, settled } = await lastWords(path);
  return { run, step, path, records, settled };
}

/** The rejects of a file that nothing has settled. */
export async function readRejectFile(path: string): Promise<readonly RejectRecord[]> {
  return (await lastWords(path)).records;
}

async function lastWords(path: string): Promise<Pick<OutstandingRejects, 'records' | 'settled'>> {
  const byIdentity = new Map<string, RejectRecord>();
  let settled = 0;
  for (const line of await linesOf(path)) {
    const identity = `${line.token} ${line.index}`;
    if ('settled' in line) settled += byIdentity.delete(identity) ? 1 : 0;
    else byIdentity.set(identity, line);
  }
  return { records: [...byIdentity.values()], settled };
}

/** A reject with what became of it. */
export interface ToldReject {
  /** As its last attempt left it. */
  readonly record: RejectRecord;
  /** By a replay, and when; absent while it is open. */
  readonly settled?: Pick<RejectSettled, 'settled' | 'at'>;
}

/** Every reject of a step of a run, settled ones too, in the order of the file. */
export async function allRejects(folder: string, run: string, step: string): Promise<readonly ToldReject[]> {
  const told = new Map<string, ToldReject>();
  for (const line of await linesOf(rejectFilePath(folder, run, step))) {
    const identity = `${line.token} ${line.index}`;
    const known = told.get(identity);
    if (!('settled' in line)) told.set(identity, { record: line });
    else if (known) told.set(identity, { ...known, settled: { settled: line.settled, at: line.at } });
  }
  return [...told.values()];
}

async function linesOf(path: string): Promise<readonly (RejectRecord | RejectSettled)[]> {
  try {
    return parseRecords(await readFile(path), path).records as (RejectRecord | RejectSettled)[];
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
