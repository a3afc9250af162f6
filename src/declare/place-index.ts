import type { DocumentPath } from './document-path.js';
import type { Place, Places } from './report.js';

interface Entry {
  readonly key: Place | undefined;
  readonly value: Place;
}

/** Remembers where each path of a document stands. */
export class PlaceIndex implements Places {
  readonly #entries = new Map<string, Entry>();

  set(path: DocumentPath, value: Place, key?: Place): void {
    this.#entries.set(JSON.stringify(path), { key, value });
  }

  key(path: DocumentPath): Place | undefined {
    const entry = this.#nearest(path);
    return entry?.key ?? entry?.value;
  }

  value(path: DocumentPath): Place | undefined {
    return this.#entries.get(JSON.stringify(path))?.value ?? this.key(path);
  }

  #nearest(path: DocumentPath): Entry | undefined {
    for (let length = path.length; length >= 0; length--) {
      const entry = this.#entries.get(JSON.stringify(path.slice(0, length)));
      if (entry) return entry;
    }
    return undefined;
  }
}
