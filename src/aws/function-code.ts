import { SluiceError } from '../errors.js';
import type { MakeCode } from './synthesize.js';

/** The code of a function, bundled. */
export const functionCode: MakeCode = async () => {
  throw new SluiceError('unsupported', 'the code of functions does not come with this version', {
    hint: 'sluice draw FILE --format asl prints the state machine',
  });
};
