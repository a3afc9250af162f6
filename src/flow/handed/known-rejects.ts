import type { RejectRecord, RejectSettled } from '../../engine/rejects.js';

type Line = RejectRecord | RejectSettled;

/** Of the rejects that were kept, the last so many. */
const KNOWN = 1000;

/**
 * What one function has kept as rejects: a change that is refused and blocks its shard is handed over again and again, for up to a
 * day, and is one reject. Another function does not know it: it keeps the same once more, and whoever reads rejects takes both for one.
 */
export class KnownRejects {
  /** By identity, the oldest first: for which reason. */
  readonly #reasons = new Map<string, string>();

  /** Those of the lines that say something new. */
  unknown(lines: readonly Line[]): readonly Line[] {
    return lines.filter((line) => 'settled' in line || this.#reasons.get(identityOf(line)) !== line.reason);
  }

  /** Once they are durable. */
  keep(lines: readonly Line[]): void {
    for (const line of lines) {
      const identity = identityOf(line);
      this.#reasons.delete(identity);
      if (!('settled' in line)) this.#reasons.set(identity, line.reason);
    }
    for (const oldest of this.#reasons.keys()) {
      if (this.#reasons.size <= KNOWN) return;
      this.#reasons.delete(oldest);
    }
  }
}

function identityOf({ token, index }: Line): string {
  return `${token} ${index}`;
}
