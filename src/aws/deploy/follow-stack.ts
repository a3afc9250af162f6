import { setTimeout as sleep } from 'node:timers/promises';
import type { StackEvent as SdkEvent } from '@aws-sdk/client-cloudformation';
import { SluiceError } from '../../errors.js';
import type { CloudFormation } from './cloud-formation.js';
import { isUnderWay, type StackEvent } from './stack-events.js';

export interface Following {
  /** Its id: a deleted stack is found by nothing else. */
  readonly stackId: string;
  /** Of the operation that is followed; absent for one that somebody else began: then all that happens from now on. */
  readonly token?: string;
  readonly signal: AbortSignal;
  readonly withinMs: number;
  happened(event: StackEvent): void;
}

export interface Followed {
  /** The stack's last status. */
  readonly status: string;
  /** In time. */
  readonly events: readonly StackEvent[];
}

const FIRST_POLL_MS = 200;
const LONGEST_POLL_MS = 3000;

/**
 * Tells what happens to a stack until it is not under way any more. Throws `timeout` when that takes too long, and the reason of
 * the signal: CloudFormation then goes on by itself.
 */
export async function followStack(cloudFormation: CloudFormation, following: Following): Promise<Followed> {
  const { stackId, signal, withinMs, token } = following;
  const until = performance.now() + withinMs;
  const reader = new EventReader(cloudFormation, following);
  if (token === undefined) await reader.skipPast();
  for (let wait = FIRST_POLL_MS; ; wait = Math.min(wait * 1.5, LONGEST_POLL_MS)) {
    signal.throwIfAborted();
    const stack = await cloudFormation.stack(stackId);
    await reader.read();
    const status = stack?.StackStatus ?? 'DELETE_COMPLETE';
    // The operation may not have begun yet.
    const isOver = !isUnderWay(status) && (token === undefined || reader.sawEnd);
    if (isOver) return { status, events: reader.events };
    if (performance.now() > until) throw tooLong(stackId, status, withinMs);
    await sleep(wait, undefined, { signal });
  }
}

function tooLong(stackId: string, status: string, withinMs: number): SluiceError {
  const minutes = Math.round(withinMs / 60_000);
  return new SluiceError('timeout', `the stack is still ${status} after ${minutes} minutes: ${stackId}`, {
    hint: 'CloudFormation goes on by itself; the same command again follows it, --patience gives it more time',
  });
}

/** A stack has fewer than this many pages of events of one operation: it may have 500 resources. */
const MAX_PAGES = 100;

class EventReader {
  readonly events: StackEvent[] = [];
  /** An event says that the whole operation is over. */
  sawEnd = false;
  readonly #cloudFormation: CloudFormation;
  readonly #following: Following;
  readonly #seen = new Set<string>();

  constructor(cloudFormation: CloudFormation, following: Following) {
    this.#cloudFormation = cloudFormation;
    this.#following = following;
  }

  /** What has happened so far is not told. */
  async skipPast(): Promise<void> {
    for (const { id } of await this.#unseen()) this.#seen.add(id);
  }

  async read(): Promise<void> {
    const { token, happened } = this.#following;
    for (const event of (await this.#unseen()).toReversed()) {
      this.#seen.add(event.id);
      if (token !== undefined && event.token !== token) continue;
      this.events.push(event);
      happened(event);
      if (event.isOfStack && !isUnderWay(event.status)) this.sawEnd = true;
    }
  }

  /** The newest first: pages are read until one that has nothing new. */
  async #unseen(): Promise<readonly StackEvent[]> {
    const found: StackEvent[] = [];
    let next: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const answer = await this.#page(next === undefined ? {} : { NextToken: next });
      const events = (answer.StackEvents ?? []).map(eventOf);
      const unseen = events.filter(({ id }) => !this.#seen.has(id));
      found.push(...unseen);
      next = answer.NextToken;
      if (next === undefined || unseen.length < events.length) break;
    }
    return found;
  }

  async #page(asked: { readonly NextToken?: string }) {
    const { stackId } = this.#following;
    return await this.#cloudFormation.call('DescribeStackEvents', (sdk, client, options) =>
      client.send(new sdk.DescribeStackEventsCommand({ StackName: stackId, ...asked }), options),
    );
  }
}

function eventOf(event: SdkEvent): StackEvent {
  return {
    id: event.EventId ?? '',
    time: event.Timestamp ?? new Date(0),
    resource: event.LogicalResourceId ?? '',
    type: event.ResourceType ?? '',
    physicalId: event.PhysicalResourceId ?? '',
    status: event.ResourceStatus ?? '',
    reason: event.ResourceStatusReason ?? '',
    token: event.ClientRequestToken ?? '',
    isOfStack: event.PhysicalResourceId === event.StackId,
  };
}
