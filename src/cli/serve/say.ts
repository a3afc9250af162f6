import { utcText } from '../clock-text.js';
import type { Io } from '../io.js';
import type { Clock } from './clock.js';

/** Says what happens to a pipeline: an event for programs, a text for people. Trouble goes to stderr. */
export type Say = (
  pipeline: string,
  event: { readonly event: string } & Readonly<Record<string, unknown>>,
  text: string,
  isTrouble?: boolean,
) => void;

/** `2026-11-21T21:00:00Z orders-nightly: fires`, or `{"at":…,"event":"fires","pipeline":…}`. */
export function sayer(io: Io, clock: Clock, json: boolean): Say {
  return (pipeline, { event, ...details }, text, isTrouble = false) => {
    const at = utcText(clock.now());
    if (json) io.out(JSON.stringify({ at, event, pipeline, ...details }));
    else if (isTrouble) io.err(`${at} ${pipeline}: ${text}`);
    else io.out(`${at} ${pipeline}: ${text}`);
  };
}
