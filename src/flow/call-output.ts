import { SluiceError } from '../errors.js';
import type { Course } from './course.js';

/** What is known of one call while it is made. */
export interface Call {
  readonly name: string;
  readonly course: Course;
  readonly input: unknown;
  /** A request to stop, or the call's time being up. */
  readonly signal: AbortSignal;
}

/** A JSON object; undefined where none was given. */
export type CallOutput = Readonly<Record<string, unknown>> | undefined;

/** As much as a state of a state machine can hold. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
export const MAX_OUTPUT_BYTES = 262_144;

/** The object that a text is the JSON of; any other text is no output. Throws `call_failed` for too large a one. */
export function outputIn(name: string, text: string): CallOutput {
  if (!text.trimStart().startsWith('{')) return undefined;
  if (Buffer.byteLength(text) > MAX_OUTPUT_BYTES) {
    throw new SluiceError(
      'call_failed',
      `${name}: the output is larger than ${MAX_OUTPUT_BYTES / 1024} KiB`,
      {
        hint: 'put the data somewhere else, and give back where it is',
      },
    );
  }
  try {
    return JSON.parse(text) as CallOutput;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
