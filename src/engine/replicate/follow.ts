import type { FeedBatch } from '../../connectors/feed.js';
import { Bell } from './bell.js';
import type { Gathering, Load } from './load.js';

/** What following needs of the world. */
export interface Following {
  readonly changes: AsyncIterable<FeedBatch | undefined>;
  readonly gathering: Gathering;
  /** Makes the load durable; called for one load at a time. */
  write(load: Load): Promise<void>;
  /** The number of the next load. */
  nextSequence(): number;
  /** Told after each step how many changes were read and are not written. */
  waits(rows: number): void;
  /** Nothing more is written behind the load that is being written. */
  readonly stop: AbortSignal;
}

/**
 * Gathers changes into loads and has them written, one at a time: while one is written the next is gathered, and when that is
 * full too nothing more is asked for (invariant 7). Returns when the changes have ended and all is written; throws the reason of
 * `stop` once the load under way is durable, else the first failure.
 */
export async function follow(following: Following): Promise<void> {
  await new Follower(following).run();
}

class Follower {
  readonly #following: Following;
  readonly #changes: AsyncIterator<FeedBatch | undefined>;
  readonly #bell = new Bell();
  #asking = false;
  #ended = false;
  /** It came, and does not go into this load. */
  #held: FeedBatch | undefined;
  #writing = 0;
  #isWriting = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(following: Following) {
    this.#following = following;
    this.#changes = following.changes[Symbol.asyncIterator]();
  }

  async run(): Promise<void> {
    const { stop } = this.#following;
    const ring = () => this.#bell.ring();
    stop.addEventListener('abort', ring);
    try {
      while (!(await this.#step())) await this.#bell.wait(this.#waitMs());
    } finally {
      stop.removeEventListener('abort', ring);
      this.#leave();
    }
  }

  /** Does all that can be done now; true once everything is. */
  async #step(): Promise<boolean> {
    const { stop, gathering } = this.#following;
    if (stop.aborted || this.#failure) {
      if (this.#isWriting) return false;
      throw this.#failure ? this.#failure.error : stop.reason;
    }
    this.#gather();
    if (!this.#isWriting && this.#isDue()) this.#write();
    this.#gather();
    this.#following.waits(gathering.rows + this.#writing);
    if (this.#ended && !this.#isWriting && !this.#held && gathering.isEmpty) return true;
    this.#ask();
    return false;
  }

  #gather(): void {
    const { gathering } = this.#following;
    if (!this.#held || !gathering.hasRoom(this.#held)) return;
    gathering.add(this.#held, performance.now());
    this.#held = undefined;
  }

  #isDue(): boolean {
    const { gathering } = this.#following;
    if (gathering.isEmpty) return false;
    const isRipe = gathering.dueInMs(performance.now()) === 0;
    return isRipe || gathering.isFull || this.#held !== undefined || this.#ended;
  }

  #waitMs(): number | undefined {
    return this.#isWriting ? undefined : this.#following.gathering.dueInMs(performance.now());
  }

  #write(): void {
    const { gathering, nextSequence, write } = this.#following;
    const load = gathering.take(nextSequence());
    this.#isWriting = true;
    this.#writing = load.rows;
    write(load)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#isWriting = false;
        this.#writing = 0;
        this.#bell.ring();
      });
  }

  #ask(): void {
    if (this.#asking || this.#ended || this.#held || this.#following.gathering.isFull) return;
    this.#asking = true;
    this.#changes
      .next()
      .then(({ done, value }) => {
        if (done) this.#ended = true;
        else this.#held = value;
      })
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#asking = false;
        this.#bell.ring();
      });
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** The feed may be in the middle of a wait: nobody waits for its end. */
  #leave(): void {
    void this.#changes.return?.().catch(() => undefined);
  }
}
