import type { Part, ReadRequest } from '../../connectors/connector.js';
import type { Batch, Position } from '../../values/batch.js';
import { isLastWins } from '../copy-run.js';
import type { CopyPlan } from '../plan.js';

/** A stretch of a source that can be read again by itself: from after one position to another. */
export interface Place {
  /** Index into the parts. */
  readonly part: number;
  readonly from?: Position;
  to?: Position;
  rows: number;
}

/** Where every row of a source was read, so that single rows can be looked at again without reading all. */
export interface SourcePlaces {
  readonly parts: readonly Part[];
  readonly places: readonly Place[];
}

export const CHUNK: Pick<ReadRequest, 'maxRows' | 'maxBytes'> = {
  maxRows: 2000,
  maxBytes: 1024 * 1024,
};

/** A source that is not ranged is read on after a place's rows by so many, for rows that came between meanwhile. */
const MORE_ROWS = 1000;

/** Numbers the places of a part as its batches come. Without positions the whole part is one place. */
export class PartPlaces {
  readonly #places: Place[];
  readonly #part: number;
  #current: { readonly place: Place; readonly number: number } | undefined;
  #from: Position | undefined;

  constructor(places: Place[], part: number) {
    this.#places = places;
    this.#part = part;
  }

  /** The number of the place that the batch lies in. */
  of({ rows, position }: Batch): number {
    if (!this.#current || this.#from !== undefined) {
      const place: Place = {
        part: this.#part,
        rows: 0,
        ...(this.#from === undefined ? {} : { from: this.#from }),
      };
      this.#current = { place, number: this.#places.push(place) - 1 };
    }
    const { place, number } = this.#current;
    place.rows += rows.length;
    if (position !== undefined) place.to = position;
    this.#from = position;
    return number;
  }
}

/** All of the source, as it is now. */
export async function* readAll(plan: CopyPlan): AsyncGenerator<Batch> {
  for (const part of await plan.source.parts(isLastWins(plan) ? 1 : plan.step.parallel)) {
    yield* plan.source.read(part, CHUNK);
  }
}

/** The batches of a place as they are now. Stop reading when all that is looked for was found. */
export async function* readPlace(
  plan: CopyPlan,
  { parts, places }: SourcePlaces,
  number: number,
): AsyncGenerator<Batch> {
  const place = places[number];
  const part = place && parts[place.part];
  if (!place || !part) throw new RangeError(`no place ${number}`);
  const ranged = plan.description.ranged === true;
  const request: ReadRequest = {
    ...CHUNK,
    ...(place.from === undefined ? {} : { after: place.from }),
    ...(ranged && place.to !== undefined ? { through: place.to } : {}),
  };
  const most = ranged || place.to === undefined ? Number.POSITIVE_INFINITY : place.rows + MORE_ROWS;
  let rows = 0;
  for await (const batch of plan.source.read(part, request)) {
    yield batch;
    rows += batch.rows.length;
    if (rows >= most) return;
  }
}
