import { randomBytes } from 'node:crypto';
import { textFrom } from '../connectors/environment-value.js';
import { MaskKey } from '../transform/mask/mask-key.js';
import type { World } from './scope.js';

/** Steps that only redact may do without: nothing is made with the key then. */
export function maskKeyOf({ declaration: { maskKey }, env }: World): MaskKey {
  return new MaskKey(textFrom(maskKey, env) ?? randomBytes(32).toString('hex'));
}
