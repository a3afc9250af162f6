import type { Cell } from '../values/cell.js';
import { ParsedDocument } from './json/parsed-document.js';

/** Cells on their way through a transform: those that `parse` names are documents, which nobody may have asked for yet. */
export type OpenRow = (Cell | ParsedDocument)[];

export function cellOf(cell: Cell | ParsedDocument): Cell {
  return cell instanceof ParsedDocument ? cell.attribute() : cell;
}
