import { SluiceError } from '../../../errors.js';

/** An object that a bucket tells of. */
export interface ToldObject {
  readonly bucket: string;
  readonly key: string;
}

interface Notification {
  readonly Event?: unknown;
  readonly Records?: readonly {
    readonly s3?: {
      readonly bucket?: { readonly name?: unknown };
      readonly object?: { readonly key?: unknown };
    };
  }[];
}

/**
 * The objects that a bucket's notification tells of; none for the one with which it tries the queue out.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 * @throws SluiceError message_unfit for what is no notification
 */
export function toldObjects(body: string): readonly ToldObject[] {
  const told = notificationIn(body);
  if (told?.Event === 's3:TestEvent') return [];
  if (!Array.isArray(told?.Records)) throw unfit();
  return (told as Required<Notification>).Records.map(({ s3 }) => {
    const [bucket, key] = [s3?.bucket?.name, s3?.object?.key];
    if (typeof bucket !== 'string' || typeof key !== 'string') throw unfit();
    return { bucket, key: decoded(key) };
  });
}

/** Keys are encoded as forms are: a space is a plus. */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    throw unfit();
  }
}

function notificationIn(body: string): Notification | undefined {
  try {
    return JSON.parse(body) as Notification;
  } catch {
    return undefined;
  }
}

function unfit(): SluiceError {
  return new SluiceError('message_unfit', 'a message is no notification of a bucket');
}
