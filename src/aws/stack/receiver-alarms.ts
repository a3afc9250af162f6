import type { Resources } from '../template/template.js';
import { above, alarm, metric } from './alarm.js';
import { nameOf, type Site } from './site.js';

/** A function that a queue is mapped to, and its queues. */
interface AlarmedReceiver {
  /** What the logical names begin with. */
  readonly logical: string;
  /** The end of the function's name. */
  readonly name: string;
  readonly queue: string;
  readonly retentionSeconds: number;
  /** Absent where it is another account's, or there is none. */
  readonly redrive?: string;
}

/** Of what receives: its calls fail, messages are set aside, or wait for so long that they will be lost. */
export function receiverAlarms(site: Site, about: AlarmedReceiver): Resources {
  const { logical, name, queue, retentionSeconds, redrive } = about;
  const ofQueue = (what: string, QueueName: string) =>
    metric('AWS/SQS', what, { Name: 'QueueName', Value: QueueName });
  const late = `messages of ${queue} wait for half of its retention`;
  return {
    [`${logical}FailureAlarm`]: alarm(site, `${name}-failure`, `${name} failed`, {
      ...metric('AWS/Lambda', 'Errors', { Name: 'FunctionName', Value: nameOf(site, name) }),
      ...above(0, 'Sum'),
    }),
    [`${logical}AgeAlarm`]: alarm(site, `${name}-age`, late, {
      ...ofQueue('ApproximateAgeOfOldestMessage', queue),
      ...above(retentionSeconds / 2, 'Maximum'),
    }),
    ...(redrive === undefined
      ? {}
      : {
          [`${logical}RedriveAlarm`]: alarm(
            site,
            `${name}-redrive`,
            `messages were set aside on ${redrive}: sluice rejects shows them`,
            { ...ofQueue('ApproximateNumberOfMessagesVisible', redrive), ...above(0, 'Maximum') },
          ),
        }),
  };
}
