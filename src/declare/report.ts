import type { Problem } from '../errors.js';
import type { DocumentPath } from './document-path.js';
import { formatPath } from './document-path.js';
import type { ProblemCode } from './problem-codes.js';

/** A place in a file; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column?: number;
}

/** Where the parts of a document stand. A path that is not there has the place of what would hold it. */
export interface Places {
  key(path: DocumentPath): Place | undefined;
  value(path: DocumentPath): Place | undefined;
}

export interface Mistake {
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint?: string | undefined;
  /** Whether the key at the path is meant, or (by default) its value. */
  readonly at?: 'key' | 'value';
  /** For an unknown field: the one that was probably meant. */
  readonly meant?: string | undefined;
}

/** A file can hold more mistakes than anybody wants to read: those beyond are dropped. */
const MAX_PROBLEMS = 500;

/** Names from a file can be of any length and hold anything, such as orders to a terminal. */
const MAX_TEXT = 400;

function printable(text: string): string {
  const short = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return short.replaceAll(
    /\p{Cc}|\p{Cs}/gu,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Collects the mistakes of one file. */
export class Report {
  readonly #file: string;
  readonly #places: Places;
  readonly #problems = new Map<string, Problem>();

  constructor(file: string, places: Places) {
    this.#file = file;
    this.#places = places;
  }

  get clean(): boolean {
    return this.#problems.size === 0;
  }

  add(path: DocumentPath, mistake: Mistake): void {
    this.#keep(this.problemAt(path, mistake));
  }

  addAt(place: Place | undefined, path: DocumentPath, mistake: Mistake): void {
    this.#keep(this.#problem(place, path, mistake));
  }

  /** A mistake with its place; not one of the report's, where it is only a warning. */
  problemAt(path: DocumentPath, mistake: Mistake): Problem {
    const place = mistake.at === 'key' ? this.#places.key(path) : this.#places.value(path);
    return this.#problem(place, path, mistake);
  }

  #problem(place: Place | undefined, path: DocumentPath, { code, message, hint }: Mistake): Problem {
    return {
      file: this.#file,
      ...(place && { line: place.line }),
      ...(place?.column !== undefined && { column: place.column }),
      path: printable(formatPath(path)),
      code,
      message: printable(message),
      ...(hint !== undefined && { hint: printable(hint) }),
    };
  }

  #keep(problem: Problem): void {
    const { code } = problem;
    const identity = JSON.stringify([problem.line, problem.path, code, problem.message]);
    if (this.#problems.size < MAX_PROBLEMS && !this.#problems.has(identity))
      this.#problems.set(identity, problem);
  }

  /** In the order of their lines; those without a line come last. */
  problems(): readonly Problem[] {
    const beyond = Number.MAX_SAFE_INTEGER;
    const order = (a: Problem, b: Problem) =>
      (a.line ?? beyond) - (b.line ?? beyond) || (a.column ?? beyond) - (b.column ?? beyond);
    return [...this.#problems.values()].sort(order);
  }
}
