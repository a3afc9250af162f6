import type { RejectRecord, RejectSettled } from '../engine/rejects.js';
import type { PipelineState } from './state.js';

type State = Pick<PipelineState, 'rejects'>;

/** The rejects of one step of one run that nothing has settled since. */
export interface OutstandingRejects {
  readonly run: string;
  readonly step: string;
  /** Each once, as its last attempt left it, in the order of the log. */
  readonly records: readonly RejectRecord[];
  /** How many were settled since; not those that were read again, which another batch has named. */
  readonly settled: number;
}

/** Reads the last word on each reject; a log that is not there holds none. */
export async function readRejects(state: State, run: string, step: string): Promise<OutstandingRejects> {
  const byIdentity = new Map<string, RejectRecord>();
  let settled = 0;
  for (const line of await linesOf(state, run, step)) {
    const identity = `${line.token} ${line.index}`;
    if ('settled' in line) settled += byIdentity.delete(identity) && line.settled !== 'reread' ? 1 : 0;
    else byIdentity.set(identity, line);
  }
  return { run, step, records: [...byIdentity.values()], settled };
}

/** A reject with what became of it. */
export interface ToldReject {
  /** As its last attempt left it. */
  readonly record: RejectRecord;
  /** By a replay or a later attempt at the run, and when; absent while it is open. */
  readonly settled?: Pick<RejectSettled, 'settled' | 'at'>;
}

/** Every reject of a step of a run, settled ones too, in the order of the log. */
export async function allRejects(state: State, run: string, step: string): Promise<readonly ToldReject[]> {
  const told = new Map<string, ToldReject>();
  for (const line of await linesOf(state, run, step)) {
    const identity = `${line.token} ${line.index}`;
    const known = told.get(identity);
    if (!('settled' in line)) told.set(identity, { record: line });
    else if (line.settled === 'reread') told.delete(identity);
    else if (known) told.set(identity, { ...known, settled: { settled: line.settled, at: line.at } });
  }
  return [...told.values()];
}

async function linesOf(
  state: State,
  run: string,
  step: string,
): Promise<readonly (RejectRecord | RejectSettled)[]> {
  return (await state.rejects(run).read(step)) as readonly (RejectRecord | RejectSettled)[];
}
