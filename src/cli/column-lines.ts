import type { SinkPlan } from '../connectors/connector.js';
import { table } from './text.js';

/** What a plan says of the sink: what is made, and the way of each column. */
export function columnLines({ creates, journeys }: SinkPlan, open: boolean): string[] {
  const rows = journeys.map(({ from, fromType, to, toType, note }) => [
    from,
    fromType,
    '→',
    to,
    toType,
    note ?? '',
  ]);
  const header = ['column', 'type', '', 'column', 'type', 'note'];
  return [
    ...(creates === undefined ? [] : [`  makes: ${creates.replaceAll('\n', '\n  ')}`]),
    ...(rows.length === 0 ? [] : table(header, rows).map((line) => `    ${line}`)),
    ...(open ? ['    and every other attribute that an item has'] : []),
  ];
}
