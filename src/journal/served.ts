import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../errors.js';
import type { Firing } from '../values/firing.js';
import { stateFolder } from './state-folder.js';

/** What `sluice serve` remembers of a pipeline's schedule. Instants are ISO 8601 in UTC. */
export interface Served {
  /** `cron 0 6 * * ? * Asia/Tokyo`: what the rest is about. */
  readonly schedule: string;
  /** When this schedule was first served: a rate counts from here, and nothing before was missed. */
  readonly start: string;
  /** Firings up to here have had their run, or were skipped. */
  readonly handled: string;
  /** Up to here runs have covered the time: the next one's interval begins here. Absent before the first. */
  readonly covered?: string;
  /** A firing whose run may have begun, and has not ended. */
  readonly pending?: Firing;
}

/** Rises when an older Sluice could misread the record. */
const FORMAT = 1;

/** The folder of what a pipeline's server keeps, its lease among it. */
export async function servedFolder(state: string, pipeline: string): Promise<string> {
  return await stateFolder(state, pipeline, 'serve');
}

/** Undefined where the pipeline has never been served. Throws `state_unusable`. Makes no folder. */
export async function readServed(state: string, pipeline: string): Promise<Served | undefined> {
  const path = join(state, pipeline, 'serve', 'served.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw damaged(path, error);
  }
  try {
    const { format, ...served } = JSON.parse(text) as Served & { readonly format: unknown };
    if (format === FORMAT) return served;
  } catch (error) {
    throw damaged(path, error);
  }
  throw damaged(path, undefined);
}

/** In one step and durable when it returns: a kill leaves the old record or the new one. */
export async function writeServed(state: string, pipeline: string, served: Served): Promise<void> {
  const path = join(await servedFolder(state, pipeline), 'served.json');
  const fresh = `${path}.new`;
  try {
    const file = await open(fresh, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify({ format: FORMAT, ...served })}\n`);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } catch (cause) {
    throw new SluiceError('state_unusable', `${path} cannot be written`, {
      hint: 'free space, or name another folder with --state',
      cause,
    });
  }
}

function damaged(path: string, cause: unknown): SluiceError {
  return new SluiceError('state_unusable', `${path} cannot be read`, {
    hint: 'remove it: the schedule then counts from now',
    cause,
  });
}
