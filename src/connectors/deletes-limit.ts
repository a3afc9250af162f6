import { SluiceError } from '../errors.js';

/** `deletes.limit`: a number of rows, or a share of those in the sink, as in `10%`. */
export type DeletesLimit = number | string;

/** Where none is declared. */
export const DEFAULT_DELETES_LIMIT: DeletesLimit = '10%';

/**
 * The guard before rows are deleted because the source lacks them (invariant 6): `gone` of the `total` rows of the
 * sink `name`. Half a row is not deleted. @throws SluiceError deletes_exceeded
 */
export function guardDeletes(name: string, gone: number, total: number, limit: DeletesLimit): void {
  const most = typeof limit === 'number' ? limit : (total * Number.parseFloat(limit)) / 100;
  if (gone <= most) return;
  throw new SluiceError(
    'deletes_exceeded',
    `${name}: ${gone} of ${total} rows are gone from the source and would be deleted; deletes.limit is ${limit}`,
    { hint: 'nothing was deleted; if they are really gone, raise deletes.limit under `to`' },
  );
}
