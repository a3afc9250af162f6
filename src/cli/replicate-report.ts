import pc from 'picocolors';
import type { Permission } from '../connectors/connector.js';
import { deliveryDollars } from '../engine/replicate/delivery-price.js';
import { isReplicatePlan } from '../engine/replicate/plan.js';
import type { PreparedReplicate } from '../flow/plan-replicate.js';
import { columnLines } from './column-lines.js';
import { findingLines } from './finding-lines.js';
import { bytesText, count, durationText } from './text.js';

/** What `sluice plan` prints of a replicate. */
export function replicateText({ name, step, planned }: PreparedReplicate, color: boolean): string {
  const colors = pc.createColors(color);
  const findings = findingLines(planned.findings, color);
  if (!isReplicatePlan(planned)) return [colors.bold(name), ...findings].join('\n');
  const { description, sinkPlan } = planned;
  const { rows, bytes, seconds } = step.load;
  const shards = description.shards === 1 ? '1 shard' : `${count(description.shards)} shards`;
  return [
    `${colors.bold(name)}: ${description.name} → ${sinkPlan.name}`,
    `  ${step.events.join(', ')} · ${shards} · kept for ${durationText(description.retentionSeconds)}`,
    `  loads of ${count(rows)} rows, ${bytesText(bytes)} or ${durationText(seconds)}, one at a time`,
    ...(step.via === undefined ? [] : [`  ${deliveryLine()}`]),
    `  key: ${sinkPlan.key.length === 0 ? 'none: every change is a new row' : sinkPlan.key.join(', ')}`,
    ...columnLines(planned),
    ...findings,
  ].join('\n');
}

/** How many changes come nobody knows: what some cost, where it is deployed. */
function deliveryLine(): string {
  const [million, thousand] = [deliveryDollars(1e6, 1, 0), deliveryDollars(0, 0, 1000)];
  return `deployed, through a delivery stream: about $${million.toFixed(2)} a million changes of up to 5 KB, $${thousand.toFixed(4)} a thousand objects, and the functions (us-east-1)`;
}

/** The same for programs. */
export function replicateEvent(replicate: PreparedReplicate): object {
  const { name, step, planned } = replicate;
  if (!isReplicatePlan(planned)) return { event: 'plan', step: name, findings: planned.findings };
  const { description, sinkPlan, findings } = planned;
  return {
    event: 'plan',
    step: name,
    from: {
      name: description.name,
      open: description.open,
      key: description.key,
      shards: description.shards,
    },
    to: { name: sinkPlan.name, exists: sinkPlan.exists, creates: sinkPlan.creates, key: sinkPlan.key },
    events: step.events,
    load: step.load,
    retentionSeconds: description.retentionSeconds,
    columns: sinkPlan.journeys,
    findings,
    permissions: replicatePermissions(replicate),
  };
}

function replicatePermissions({ planned }: PreparedReplicate): readonly Permission[] {
  if (!isReplicatePlan(planned)) return [];
  return [...planned.description.permissions, ...planned.sinkPlan.permissions];
}
