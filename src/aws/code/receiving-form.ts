import type { CopyStep, Declaration } from '../../declare/declaration.js';

/**
 * What the function that receives has of a declaration: the copy alone, without where it reads from. It is in the account of
 * the queue, and works as itself there: the role of the connection is that of whoever sends.
 */
export function receivingForm(declaration: Declaration, step: CopyStep): Declaration {
  const { connections } = declaration;
  const queue = step.via?.connection ?? '';
  const { connection, table } = step.from;
  const from = { connection, ...(table === undefined ? {} : { table }) };
  const { onFailure: _onFailure, row: _row, ...rest } = step;
  const options = connections[queue];
  if (!options) throw new Error('a copy without a queue is not received');
  const { role: _role, ...own } = options;
  const kind = options.kind;
  return {
    ...declaration,
    connections: { ...connections, [queue]: { ...own, kind } },
    steps: [{ ...rest, from }],
  };
}
