import type { ExportFolder } from '../../warehouse/exports.js';

/** `shop/orders` and `shop.orders` are `orders` in a warehouse. */
export function targetOf(table: string): string {
  return table.slice(Math.max(table.lastIndexOf('/'), table.lastIndexOf('.')) + 1);
}

/** Whether a table is the one that was asked for, if one was. */
export function isAsked(table: string, asked: string | undefined): boolean {
  return asked === undefined || asked === table || asked === targetOf(table);
}

/** Tables of one name in a warehouse keep the whole of their own. */
export function distinct(folders: readonly ExportFolder[]): readonly ExportFolder[] {
  const targets = folders.flatMap(({ tables }) => tables.map(({ target }) => target));
  const isOne = (target: string) => targets.filter((other) => other === target).length === 1;
  return folders.map((folder) => ({
    ...folder,
    tables: folder.tables.map((table) => (isOne(table.target) ? table : { ...table, target: table.source })),
  }));
}
