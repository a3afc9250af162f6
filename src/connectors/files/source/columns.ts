import { SluiceError } from '../../../errors.js';
import type { Column, LogicalType } from '../../../values/column.js';

/** The columns with the types that the declaration says. @throws SluiceError column_missing for one that is not there */
export function withDeclaredTypes(
  columns: readonly Column[],
  declared: Readonly<Record<string, LogicalType>> | undefined,
): readonly Column[] {
  const missing = Object.keys(declared ?? {}).find((name) => !columns.some((column) => column.name === name));
  if (missing !== undefined) {
    throw new SluiceError('column_missing', `the files have no column ${missing}`, {
      hint: `they have ${columns.map(({ name }) => name).join(', ')}`,
      path: 'from.columns',
    });
  }
  return columns.map((column) => {
    const type = declared && Object.hasOwn(declared, column.name) ? declared[column.name] : undefined;
    return type === undefined || type === column.type ? column : { name: column.name, type, nullable: true };
  });
}

/** Refuses types of a declaration where a manifest tells them. */
export function refuseDeclared(declared: object | undefined): void {
  if (declared === undefined) return;
  throw new SluiceError('unsupported', 'the manifest tells the types of the columns', {
    hint: 'leave `columns` out, and change types by map.as',
    path: 'from.columns',
  });
}
