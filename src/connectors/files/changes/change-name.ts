import { hash } from 'node:crypto';
import { SluiceError } from '../../../errors.js';
import type { Batch } from '../../../values/batch.js';
import type { Context } from '../../connector.js';

const NUMBER_DIGITS = 9;
const STEP_LETTERS = 8;
const TOKEN_LETTERS = 32;

/** The folder below which the changes of a table lie, with its slash. */
export function changesFolder(table: string): string {
  return `${table}/changes/`;
}

/**
 * The name of a load's file: `hits/changes/2026/11/21/RUN-STEP-000000007.jsonl`. The day, in UTC, is that of its first change;
 * STEP is a digest of pipeline and step. Nothing but that step's load of that run and token has the name, and names of one run
 * sort as its loads came.
 */
export function changeName(
  place: { readonly table: string; readonly suffix: string },
  { pipeline, step, run }: Context,
  { changes }: Batch,
  token: string,
): string {
  const day = changes?.at(0)?.changedAt.slice(0, 10) ?? '';
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) throw new SluiceError('bug', 'a change says when it was made');
  const owner = hash('sha256', `${pipeline}\n${step}`).slice(0, STEP_LETTERS);
  const file = `${run}-${owner}-${numberOf(token)}${place.suffix}`;
  return `${changesFolder(place.table)}${day.replaceAll('-', '/')}/${file}`;
}

/** `load.7` is the load of this number; what else a token is, it tells apart. */
function numberOf(token: string): string {
  const [, number] = /^load\.(\d{1,9})$/.exec(token) ?? [];
  return number?.padStart(NUMBER_DIGITS, '0') ?? hash('sha256', token).slice(0, TOKEN_LETTERS);
}
