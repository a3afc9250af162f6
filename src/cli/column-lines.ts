import type { CopyPlan } from '../engine/plan.js';
import type { ReplicatePlan } from '../engine/replicate/plan.js';
import { table } from './text.js';

type Plan = Pick<CopyPlan | ReplicatePlan, 'sinkPlan' | 'transform' | 'description'>;

/** What a plan says of the sink: what is made, and the way of each column. */
export function columnLines({ sinkPlan, transform, description }: Plan): string[] {
  const { creates, journeys } = sinkPlan;
  const isOpen = description.open && !transform.outline(description.columns).named;
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
    ...(isOpen ? ['    and every other attribute that an item has'] : []),
  ];
}
