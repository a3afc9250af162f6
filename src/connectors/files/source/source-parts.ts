import { SluiceError } from '../../../errors.js';
import type { Position } from '../../../values/batch.js';
import type { Part } from '../../connector.js';
import type { SourceFile } from './found-table.js';

/** A place in a part: after some row of one of its files. */
export interface FilePosition<Place = unknown> {
  /** Index into the part's files. */
  readonly file: number;
  readonly place: Place;
}

/** At most `wanted` parts of whole files, about as many bytes in each. */
export function partsOf(files: readonly SourceFile[], wanted: number): readonly Part[] {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const count = Math.max(1, Math.min(wanted, files.length));
  const groups: SourceFile[][] = [[]];
  let before = 0;
  for (const [index, file] of files.entries()) {
    const left = files.length - index;
    const missing = count - groups.length;
    const isFull = before >= (total * groups.length) / count;
    if (groups.at(-1)?.length !== 0 && missing > 0 && (isFull || left <= missing)) groups.push([]);
    groups.at(-1)?.push(file);
    before += file.bytes;
  }
  return groups.map((group, index) => ({ id: String(index), range: JSON.stringify({ files: group }) }));
}

export function filesOf(part: Part): readonly SourceFile[] {
  return (JSON.parse(part.range) as { readonly files: readonly SourceFile[] }).files;
}

export function positionText(position: FilePosition): Position {
  return JSON.stringify(position);
}

/** @throws SluiceError state_unusable for what is no position of this part */
export function parsePosition<Place>(text: Position, files: readonly SourceFile[]): FilePosition<Place> {
  const position = JSON.parse(text) as FilePosition<Place>;
  if (typeof position.place === 'object' && files[position.file]) return position;
  throw new SluiceError('state_unusable', 'a position of the source does not fit its files', {
    hint: 'begin again with --fresh',
  });
}
