import type { HttpFault } from './http-proxy.js';

export interface Body {
  [field: string]: unknown;
}

/** A call as it is split by a fault that carries out only some of it. */
export interface Split {
  /** The call as it is forwarded; undefined when nothing of it is. */
  readonly forward: Body | undefined;
  readonly heldBack: Record<string, unknown>;
}

/** What the proxy needs to know of a service's bodies: how many items a call is about, and how to change single ones. */
export interface CallKind {
  /** Whether errors are JSON, or the XML of S3 or of query calls (RDS, IAM, STS). */
  readonly errors: 'json' | 's3' | 'query';
  /** The service's error of too many calls. */
  readonly throttled: string;
  /** What the service says when it can do nothing of a batch: an error, or an answer in which everything failed. */
  readonly whenNothing: 'error' | 'answer';
  /** The table or queue of a call. */
  about(body: Body): string | undefined;
  /** The items that a call is about; 0 for calls about tables and queues. */
  items(action: string, body: Body): number;
  /** The items that an answer says were read, written, sent, … */
  accepted(action: string, asked: number, status: number, answer: Body): number;
  /** Holds back each request of a batch with probability `share`, by `random`. */
  split(action: string, body: Body, share: number, random: () => number): Split;
  /** The engine's answer with what was held back added to what it left itself. */
  merged(action: string, answer: Body, heldBack: Record<string, unknown>): Body;
  /** The call as a fault changes it; undefined where it leaves it as it is. */
  altered(action: string, body: Body, fault: HttpFault): Body | undefined;
  /** The answer as a fault damages it, still JSON. */
  damaged(answer: Buffer): Buffer;
}
