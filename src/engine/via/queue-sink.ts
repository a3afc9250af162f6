import type { Comparison } from '../../connectors/comparison.js';
import type {
  Context,
  Finding,
  Finished,
  Incoming,
  Journey,
  Refused,
  Sink,
  SinkPlan,
  Writer,
  Written,
} from '../../connectors/connector.js';
import type { Queue, QueueDescription, Sent } from '../../connectors/queue.js';
import type { Batch } from '../../values/batch.js';
import { messageCost } from './message-cost.js';
import { rowKey } from './row-key.js';
import type { Unreceived } from './unreceived.js';

const BATCH = { rows: 200, bytes: 1024 * 1024 } as const;
const MAX_SENDERS = 8;

/** What lies behind the queue, where this run writes it too. */
export interface Behind {
  readonly sink: Sink;
  readonly sinkPlan: SinkPlan;
}

/**
 * The sending half's sink: a message for each row, as it is after map and mask. `written` means sent. Planned together
 * with the sink behind the queue where the same run receives; the sender by itself needs no access to that one.
 */
export class QueueSink implements Sink {
  readonly queue: Queue;
  readonly #context: Pick<Context, 'pipeline' | 'step' | 'run'>;
  readonly #sink: Sink | undefined;
  #described: QueueDescription | undefined;
  #behind: SinkPlan | undefined;
  #key: readonly string[] = [];
  /** Is told of what is sent, where both halves are in one run. */
  unreceived: Unreceived | undefined;

  constructor(queue: Queue, context: Pick<Context, 'pipeline' | 'step' | 'run'>, behind: Sink | undefined) {
    this.queue = queue;
    this.#context = context;
    this.#sink = behind;
  }

  get description(): QueueDescription {
    if (!this.#described) throw new RangeError('plan the sink before asking what it is');
    return this.#described;
  }

  /** The sink behind the queue, after `plan`. */
  get behind(): Behind | undefined {
    return this.#sink && this.#behind ? { sink: this.#sink, sinkPlan: this.#behind } : undefined;
  }

  async plan(incoming: Incoming): Promise<SinkPlan> {
    const description = await this.queue.describe();
    const behind = await this.#sink?.plan(incoming);
    this.#described = description;
    this.#behind = behind;
    this.#key = behind?.key ?? incoming.key;
    const findings = [...description.findings, ...messageCost(incoming), ...keyFindings(this.#key)];
    const own = {
      name: description.name,
      identity: description.identity,
      exists: true,
      key: this.#key,
      journeys: incoming.columns.map(journey),
      findings,
      batch: BATCH,
      maxWriters: MAX_SENDERS,
      permissions: description.sendPermissions,
    };
    if (!behind) return own;
    const { appends: _appends, restarts: _restarts, ...kept } = behind;
    return {
      ...kept,
      name: `${description.name} → ${behind.name}`,
      findings: [...findings, ...behind.findings],
      batch: BATCH,
      maxWriters: MAX_SENDERS,
      permissions: [...description.sendPermissions, ...description.receivePermissions, ...behind.permissions],
    };
  }

  trial(batch: Batch): readonly Refused[] {
    const most = this.description.maxMessageBytes;
    const tooLarge = batch.rows.map((_, row): Refused[] => {
      const bytes = this.queue.sizeOf(batch, row);
      if (bytes <= most) return [];
      const message = `its message would have ${bytes} bytes, and ${this.description.name} takes ${most}`;
      return [{ row, code: 'item_too_large', message }];
    });
    const refused = tooLarge.flat();
    const known = new Set(refused.map(({ row }) => row));
    return [...refused, ...(this.#sink?.trial(batch) ?? []).filter(({ row }) => !known.has(row))];
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  writer(): Promise<Writer> {
    return Promise.resolve({
      write: (batch, token) => this.#send(batch, token),
      close: async () => undefined,
    });
  }

  comparison(): Promise<Comparison> {
    throw new RangeError('a queue is not compared');
  }

  finish(): Promise<Finished> {
    return Promise.resolve({ deleted: 0, findings: [] });
  }

  abandon(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    await Promise.all([this.queue.close(), this.#sink?.close()]);
  }

  async #send(batch: Batch, token: string): Promise<Written> {
    const { pipeline, step, run } = this.#context;
    const keys = this.unreceived ? batch.rows.map((_, row) => rowKey(batch, row, this.#key)) : [];
    await this.unreceived?.add(keys);
    const origin = { pipeline, step, run, readAtMs: Date.now() };
    const sent = await this.queue.send(batch, this.#key, origin, token);
    const rejects = sent.flatMap((one, row) => (one === 'sent' ? [] : [refusedAs(one, row)]));
    this.unreceived?.settle(rejects.map(({ row }) => keys[row] ?? ''));
    return { written: batch.rows.length - rejects.length, unchanged: 0, rejects, units: 0 };
  }
}

function refusedAs({ code, message }: Exclude<Sent, 'sent'>, row: number): Refused {
  return { row, code, message };
}

function journey({ name, type, native }: Incoming['columns'][number]): Journey {
  return { from: name, fromType: native ?? type, to: name, toType: 'as it is, in a message' };
}

/** Messages come in any order: what the rows are told apart by must travel with them. */
function keyFindings(key: readonly string[]): readonly Finding[] {
  if (key.length > 0) return [];
  const message = 'the rows have no key: messages that come twice or late could not be told from others';
  return [
    { level: 'refuse', code: 'key_missing', message, hint: 'keep the key in `map`, or leave `via` out' },
  ];
}
