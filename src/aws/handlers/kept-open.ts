import type { Deployed, WorkAbout } from './deployed.js';

/** What can be kept from one event to the next. */
export interface Keepable {
  abort(reason: unknown): void;
  close(): Promise<void>;
}

/** `until`: aborted when the function that waits for it should hand over. */
export type Open<Kept> = (deployed: Deployed, until: AbortSignal) => Promise<Kept>;

/** What a function opens at its first event and keeps for those that come after. */
export class KeptOpen<Kept extends Keepable> {
  readonly #open: Open<Kept>;
  readonly #kept = new WeakMap<Deployed, Promise<Kept>>();

  constructor(open: Open<Kept>) {
    this.#open = open;
  }

  /** Does something with it, which is given up just before the function's time ends. */
  async use<Done>(
    deployed: Deployed,
    { time: { until, signal } }: Pick<WorkAbout, 'time'>,
    work: (kept: Kept) => Promise<Done>,
  ): Promise<Done> {
    const opening = this.#kept.get(deployed) ?? this.#open(deployed, until);
    this.#kept.set(deployed, opening);
    let kept: Kept | undefined;
    const giveUp = () => kept?.abort(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      kept = await opening;
      return await work(kept);
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** After a failure nothing is known of its connections any more: the next event opens it anew. */
  async giveBack(deployed: Deployed): Promise<void> {
    const opening = this.#kept.get(deployed);
    this.#kept.delete(deployed);
    const kept = await opening?.catch(() => undefined);
    await kept?.close().catch(() => undefined); // what went wrong is told already
  }
}
