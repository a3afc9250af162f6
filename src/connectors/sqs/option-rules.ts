import type { Objecting, OptionRules, Options } from '../option-rules.js';
import { regionOfUrl } from './queue-url.js';

/** The rules between the fields of options.ts. */
export const rules: OptionRules = {
  connection(options, object) {
    const { queue, url } = options;
    if (queue === undefined && url === undefined) {
      const message = 'which queue is missing: `queue` or `url`';
      object({ code: 'missing_field', path: [], message, hint: 'queue: the name of the queue' });
    }
    objectToMaking(options, object);
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

/** A queue that is made is known by its name. */
function objectToMaking({ create, sender, url, queue, redrive }: Options, object: Objecting): void {
  if (create === undefined) {
    if (sender === undefined) return;
    const message = '`sender` is of a queue that deploy makes';
    const hint = 'say `create: true`, or name the sender in the policy of the queue that is there';
    object({ code: 'conflict', path: ['sender'], message, hint });
    return;
  }
  if (url !== undefined) {
    const message = '`create` and `url` exclude each other';
    object({ code: 'conflict', path: ['create'], message, hint: 'queue: the name that it is to have' });
  }
  const isFifo = (name: unknown) => typeof name === 'string' && name.endsWith('.fifo');
  if (typeof redrive !== 'string') return;
  if (!redrive.includes('/') && isFifo(redrive) === isFifo(queue)) return;
  const message = 'the redrive queue of a queue that is made is made, too, and is FIFO as that one is';
  object({ code: 'conflict', path: ['redrive'], message, hint: 'leave it out, or give it a name' });
}
