import { readFileSync } from 'node:fs';

/** The package's version, from the manifest beside `dist/`. */
export const version: string = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
