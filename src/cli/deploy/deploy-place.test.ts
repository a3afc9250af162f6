import { expect, test } from 'vitest';
import { deployPlace } from './deploy-place.js';

const io = { out: () => undefined, err: () => undefined, input: () => process.stdin };
const place = (env: Record<string, string>, region?: string) => {
  const around = { ...io, color: false, terminal: false, cwd: '/', env };
  return deployPlace(around, { account: '111122223333', ...(region === undefined ? {} : { region }) });
};

test('a region that is none is refused, wherever it was named', async () => {
  expect(await place({ AWS_REGION: 'eu-west-1' })).toMatchObject({ region: 'eu-west-1' });
  expect(await place({ AWS_REGION: 'nowhere' }, 'us-gov-east-1')).toMatchObject({ region: 'us-gov-east-1' });
  await expect(place({ AWS_REGION: 'nowhere' })).rejects.toMatchObject({ code: 'usage' });
  await expect(place({})).rejects.toMatchObject({ hint: expect.stringMatching(/^set AWS_REGION;/) });
  await expect(place({}, 'eu-west')).rejects.toMatchObject({ hint: expect.stringContaining('eu-west-1') });
});
