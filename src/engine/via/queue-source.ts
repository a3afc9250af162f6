import type { Part, Source, SourceDescription, SourceReport } from '../../connectors/connector.js';
import type { Queue, QueueDescription } from '../../connectors/queue.js';
import type { Batch } from '../../values/batch.js';

/**
 * What a receiver by itself is planned with in the place of the source, to which it has no access: rows of any columns,
 * which come with the messages. Nothing is read by it.
 */
export class QueueSource implements Source {
  readonly #queue: Queue;
  #described: QueueDescription | undefined;

  constructor(queue: Queue) {
    this.#queue = queue;
  }

  get queue(): Queue {
    return this.#queue;
  }

  get description(): QueueDescription {
    if (!this.#described) throw new RangeError('describe the queue before asking what it is');
    return this.#described;
  }

  async describe(): Promise<SourceDescription> {
    const described = await this.#queue.describe();
    this.#described = described;
    const { name, identity, waiting, findings, receivePermissions } = described;
    return {
      name,
      identity,
      columns: [],
      open: true,
      key: [],
      rows: waiting,
      consistency: 'messages, as they come',
      findings,
      permissions: receivePermissions,
    };
  }

  parts(): Promise<readonly Part[]> {
    return Promise.resolve([]);
  }

  async *read(): AsyncIterable<Batch> {
    // Messages are received, not read.
  }

  unique(): Promise<'unknown'> {
    return Promise.resolve('unknown');
  }

  find(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  report(): SourceReport {
    return { consistency: 'messages, as they came', units: 0 };
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }
}
