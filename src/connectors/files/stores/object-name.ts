import { SluiceError } from '../../../errors.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html; a prefix counts too, and its store checks that. */
const MAX_NAME_BYTES = 1024;

/**
 * The name of an object, as it is used: parts between `/`, none of them empty, `.` or `..`, none with a backslash or a
 * control character: what no file system and no server takes for a way out. Throws `unsupported` for others.
 */
export function objectName(name: string): string {
  if (isObjectName(name)) return name;
  throw new SluiceError('unsupported', 'a name in a store leads out of it or cannot be kept by every store', {
    hint: 'parts between / are not empty, not . or .., and have no backslash and no control character',
  });
}

function isObjectName(name: string): boolean {
  if (Buffer.byteLength(name) > MAX_NAME_BYTES || /[\\\p{Cc}]/u.test(name)) return false;
  return name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
