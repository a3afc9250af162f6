import type { FeedBatch } from '../../connectors/feed.js';
import { Bell } from './bell.js';
import type { Gathering, Load } from './load.js';

/** What following needs of the world. */
export interface Following {
  readonly changes: AsyncIterable<FeedBatch | undefined>;
  readonly gathering: Gathering;
  /** Records that the load will be written: at most one beside that which is being written. */
  intend(load: Load): Promise<void>;
  /** Makes a load durable whose intent is recorded; called for one load at a time, in their order. */
  write(load: Load): Promise<void>;
  /** The number of the next load. */
  nextSequence(): number;
  /** Told after each step how many changes were read and are not written. */
  waits(rows: number): void;
  /** Nothing more is written behind the load that is being written. */
  readonly stop: AbortSignal;
}

/** A load that is whole and not written yet. */
interface Whole {
  readonly load: Load;
  isIntended: boolean;
}

/**
 * Gathers changes into loads and has them written, one at a time: while one is written the next is gathered and its intent recorded, so
 * that the sink need not wait for the journal; when that is full too nothing more is asked for (invariant 7). Returns when the changes have ended and all is written; throws the reason of
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
  #next: Whole | undefined;
  #intending = false;
  #writing: Load | undefined;
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
      if (this.#writing || this.#intending) return false;
      throw this.#failure ? this.#failure.error : stop.reason;
    }
    this.#gather();
    if (!this.#writing && this.#next?.isIntended) {
      this.#write(this.#next.load);
      this.#gather();
    }
    this.#following.waits(gathering.rows + (this.#next?.load.rows ?? 0) + (this.#writing?.rows ?? 0));
    if (this.#ended && !this.#writing && !this.#next && !this.#held && gathering.isEmpty) return true;
    this.#ask();
    return false;
  }

  /** Nothing more while a whole load waits: two are all that are held. */
  #gather(): void {
    const { gathering } = this.#following;
    if (this.#next) return;
    if (this.#held && gathering.hasRoom(this.#held)) {
      gathering.add(this.#held, performance.now());
      this.#held = undefined;
    }
    if (this.#isDue()) this.#take();
  }

  /** While one is written there is time to gather more. */
  #isDue(): boolean {
    const { gathering } = this.#following;
    if (gathering.isEmpty) return false;
    const isRipe = !this.#writing && gathering.dueInMs(performance.now()) === 0;
    return isRipe || gathering.isFull || this.#held !== undefined || this.#ended;
  }

  #waitMs(): number | undefined {
    const isBusy = this.#writing || this.#next;
    return isBusy ? undefined : this.#following.gathering.dueInMs(performance.now());
  }

  #take(): void {
    const { gathering, nextSequence, intend } = this.#following;
    const next: Whole = { load: gathering.take(nextSequence()), isIntended: false };
    this.#next = next;
    this.#intending = true;
    intend(next.load)
      .then(() => {
        next.isIntended = true;
      })
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#intending = false;
        this.#bell.ring();
      });
  }

  #write(load: Load): void {
    this.#next = undefined;
    this.#writing = load;
    this.#following
      .write(load)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#writing = undefined;
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
