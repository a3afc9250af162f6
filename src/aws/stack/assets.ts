import { type Template, templateOf } from '../template/template.js';
import { bucketResources } from './bucket.js';
import { assetsBucket, nameOf, type Site } from './site.js';

/** `sluice-PIPELINE-assets`. */
export function assetsStackName(site: Pick<Site, 'pipeline'>): string {
  return nameOf(site, 'assets');
}

/** The bucket of the functions' code, which is there before the functions are. */
export function assetsTemplate(site: Site): Template {
  const bucket = bucketResources(site, 'Assets', {
    name: assetsBucket(site),
    keep: false,
    unversioned: 'what is in it is named by its content and never changes',
  });
  return templateOf(`Sluice: code of ${site.pipeline}`, [bucket], {
    AssetsBucket: { Description: 'Code of the functions', Value: assetsBucket(site) },
  });
}
