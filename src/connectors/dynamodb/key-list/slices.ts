import { SluiceError } from '../../../errors.js';
import type { Position } from '../../../values/batch.js';
import type { Part, ReadRequest, Stretch } from '../../connector.js';
import type { Entry } from './entry.js';
import type { KeyList } from './list.js';
import { entryOfSpool, nextLineStart, spoolLines } from './spool.js';

/** A part of a keyed read: bytes of the list's spool, from one line's beginning to another's. */
interface SliceRange {
  readonly from: number;
  readonly to: number;
  /** The digest of the list that these are bytes of. */
  readonly list: string;
}

/** At most `wanted` slices of about the same size; at least one. */
export async function slicesOf(
  { path, size, digest: list }: KeyList,
  wanted: number,
): Promise<readonly Part[]> {
  const starts = new Set([0]);
  for (let slice = 1; slice < Math.floor(wanted); slice++) {
    const start = await nextLineStart(path, Math.floor((slice * size) / wanted), size);
    if (start < size) starts.add(start);
  }
  const from = [...starts];
  return from.map((start, index) => {
    const range: SliceRange = { from: start, to: from[index + 1] ?? size, list };
    return { id: String(index), range: JSON.stringify(range) };
  });
}

/** An entry of the list and the position after it. */
export type PlacedEntry = Entry & { readonly end: Position };

/**
 * The entries that a request asks for, some at once.
 * @throws SluiceError run_changed where the part is of another list than this.
 */
export async function* readSlice(
  list: KeyList,
  name: string,
  part: Part,
  request: Pick<ReadRequest, 'after' | 'through'>,
): AsyncGenerator<readonly PlacedEntry[]> {
  const range = JSON.parse(part.range) as SliceRange;
  if (range.list !== list.digest) {
    throw new SluiceError('run_changed', `the key list (${name}) has changed since the run began`, {
      hint: 'put the list back as it was to go on with that run, or start over with --fresh',
    });
  }
  const from = request.after === undefined ? range.from : Number(request.after);
  const to = request.through === undefined ? range.to : Number(request.through);
  for await (const lines of spoolLines(list.path, from, to)) {
    yield lines.map(({ text, end }) => ({ ...entryOfSpool(text), end: String(end) }));
  }
}

/** Whether the list, or a stretch of it, names the key. */
export async function namesKey(list: KeyList, name: string, key: string, within?: Stretch): Promise<boolean> {
  const [whole] = await slicesOf(list, 1);
  if (!whole) return false;
  const { part, ...bounds } = within ?? { part: whole };
  for await (const entries of readSlice(list, name, part, bounds)) {
    if (entries.some((entry) => 'key' in entry && entry.key === key)) return true;
  }
  return false;
}
