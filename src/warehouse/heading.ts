import { visibleText } from '../values/visible-text.js';
import { addressOf, type Exports } from './exports.js';

/** A line that every dialect takes for a comment, whatever stands in it. */
export function commentLine(text: string): string {
  return `-- ${visibleText(text)}`;
}

/** What the statements are about, and which tables they leave out. */
export function heading(
  { pipeline, step, place, folders }: Exports,
  dialect: string,
  untold: readonly string[] = [],
): string {
  return [
    commentLine(`${dialect}: what step ${step} of pipeline ${pipeline} has published last`),
    ...folders.map(({ name, tables }) =>
      commentLine(`${tables.map(({ source }) => source).join(', ')}: ${addressOf(place, name)}LATEST.json`),
    ),
    ...untold.map((name) =>
      commentLine(`left out: ${name} has no rows in the newest export, so that no file tells its columns`),
    ),
  ].join('\n');
}
