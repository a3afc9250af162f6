import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';
import type { Delivery, Misfit } from '../queue.js';
import type { Pointer } from './envelope.js';

export type Received = Delivery | Misfit;

/** What is kept of a message while somebody works on it, besides what it says. */
export interface Original {
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>;
  /** The object that holds its row; it goes with the message. */
  readonly pointer?: Pointer;
  /** When the service took it: milliseconds since 1970. */
  readonly sentAtMs: number;
  /** The service takes it off the queue once it is told that it is done with. */
  readonly isHanded?: true;
  /** It is surely out of others' sight until then, on the process's own clock. */
  heldUntilMs: number;
}

/** The originals of what was received, for as long as somebody holds it. */
export class Originals {
  readonly #kept = new WeakMap<Received, Original>();

  keep<Kind extends Received>(received: Kind, original: Original): Kind {
    this.#kept.set(received, original);
    return received;
  }

  of(received: Received): Original | undefined {
    return this.#kept.get(received);
  }
}

/** How a message came to us. */
export type Holding = Pick<Original, 'heldUntilMs' | 'isHanded'>;

export function originalOf(message: Message, holding: Holding, pointer: Pointer | undefined): Original {
  return {
    body: message.Body ?? '',
    attributes: message.MessageAttributes ?? {},
    sentAtMs: Number(message.Attributes?.SentTimestamp ?? 0),
    ...holding,
    ...(pointer === undefined ? {} : { pointer }),
  };
}
