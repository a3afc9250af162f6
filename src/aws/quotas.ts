import type { Declaration } from '../declare/declaration.js';
import { type DeployedForecast, deployedForecasts } from '../flow/deployed-forecast.js';
import type { PlannedStep } from '../flow/plan.js';
import { RESERVE_MS } from './handlers/function-time.js';
import { LONGEST_SECONDS } from './stack/function.js';
import { namedSteps } from './stack/named-steps.js';
import { deployOf } from './stack/site.js';

/** How the copies of a pipeline are likely to go on AWS. */
export function forecastsOf(
  { deploy }: Pick<Declaration, 'deploy'>,
  planned: readonly PlannedStep[],
): readonly DeployedForecast[] {
  const { memory, workSeconds = Number.POSITIVE_INFINITY } = deployOf(deploy);
  const callSeconds = Math.min(workSeconds, LONGEST_SECONDS - RESERVE_MS / 1000);
  return deployedForecasts(planned, { memory, callSeconds });
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: events of one execution, children have their own */
export const MAX_EVENTS = 25_000;
/** A fifth of it is for calls that are made again, three events each. */
const MOST_EVENTS = MAX_EVENTS * 0.8;
/** The same page: of what goes into a state or comes out of it. */
export const MAX_PAYLOAD_BYTES = 262_144;
/** What goes with the list of parts: the run, its firing, what Lambda says of a call; and the result of each step. */
const ROOM_BYTES = 4096;
const RESULT_BYTES = 512;

interface Beyond {
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}

/** Copies that Step Functions would end before they are done. */
export function quotaRefusals(
  { steps, deploy }: Pick<Declaration, 'steps' | 'deploy'>,
  forecasts: readonly DeployedForecast[],
): readonly Beyond[] {
  const room = ROOM_BYTES + namedSteps(steps).length * RESULT_BYTES;
  return forecasts.flatMap((each) => [...listRefusals(each, room), ...historyRefusals(each, deploy)]);
}

function listRefusals({ path, parts, listBytes }: DeployedForecast, room: number): readonly Beyond[] {
  if (listBytes + room <= MAX_PAYLOAD_BYTES) return [];
  return [
    {
      path: `${path}.parallel`,
      message: `a list of ${parts} parts (${listBytes} bytes) is more than a state of Step Functions is given, ${MAX_PAYLOAD_BYTES - room}`,
      hint: 'each table has `parallel` parts: lower it, or copy fewer tables in a step',
    },
  ];
}

function historyRefusals(
  { path, isPaced, size }: DeployedForecast,
  deploy: Declaration['deploy'],
): readonly Beyond[] {
  if (size === undefined || size.events <= MOST_EVENTS) return [];
  const { calls, events, seconds, boundBy } = size;
  const days = Math.ceil(seconds / 86_400);
  const message = `${calls} calls of functions, in at least ${days} ${days === 1 ? 'day' : 'days'} (${boundBy}): the history of a part would have ${events} events, and Step Functions ends an execution with ${MAX_EVENTS}`;
  const about = 'copy the table in several pipelines, each with a `where` of its own';
  if (deploy?.workSeconds !== undefined) {
    return [{ path: 'deploy.workSeconds', message, hint: `let a call work for longer, or ${about}` }];
  }
  return [
    isPaced
      ? { path: `${path}.pace`, message, hint: `raise the pace, or ${about}` }
      : { path: `${path}.parallel`, message, hint: `raise \`parallel\`, or ${about}` },
  ];
}
