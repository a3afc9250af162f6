import type { OptionRules } from '../option-rules.js';
import { regionOfUrl } from './queue-url.js';

/** The rules between the fields of options.ts. */
export const rules: OptionRules = {
  connection(options, object) {
    const { queue, url } = options;
    if (queue === undefined && url === undefined) {
      const message = 'which queue is missing: `queue` or `url`';
      object({ code: 'missing_field', path: [], message, hint: 'queue: the name of the queue' });
    }
    if (url === undefined) return;
    for (const field of ['queue', 'account']) {
      if (options[field] === undefined) continue;
      const message = `\`${field}\` and \`url\` exclude each other`;
      object({ code: 'conflict', path: [field], message, hint: 'the URL names the account and the queue' });
    }
    const region = typeof url === 'string' ? regionOfUrl(url) : undefined;
    if (region === undefined || options['region'] === undefined || options['region'] === region) return;
    const message = '`region` is not the region of `url`';
    object({ code: 'conflict', path: ['region'], message, hint: 'leave it out: the URL names the region' });
  },
};
