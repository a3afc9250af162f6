import type { Context } from '../connector.js';

/** What a snapshot of ours carries: whose it is, and of which run. */
const TAGS = { pipeline: 'sluice:pipeline', step: 'sluice:step', run: 'sluice:run' } as const;

type Tags = readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined;

export function tagsOf({ pipeline, step, run }: Context): { Key: string; Value: string }[] {
  return [
    { Key: TAGS.pipeline, Value: pipeline },
    { Key: TAGS.step, Value: step },
    { Key: TAGS.run, Value: run },
  ];
}

/** It is of this pipeline and step, of whatever run. */
export function isOurs(tags: Tags, { pipeline, step }: Context): boolean {
  return tagNamed(tags, TAGS.pipeline) === pipeline && tagNamed(tags, TAGS.step) === step;
}

export function isOfThisRun(tags: Tags, context: Context): boolean {
  return isOurs(tags, context) && tagNamed(tags, TAGS.run) === context.run;
}

function tagNamed(tags: Tags, key: string): string | undefined {
  return tags?.find(({ Key }) => Key === key)?.Value;
}
