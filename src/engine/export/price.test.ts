import { expect, test } from 'vitest';
import { exportForecast } from './price.js';

test('an export is paid by the size of its snapshot', () => {
  expect(exportForecast(200)).toMatchObject({
    dollars: 2,
    price: expect.stringMatching(/^about \$2\.00: 200 GiB/),
  });
});

test('of a snapshot whose size nobody knows, only the rate is said', () => {
  const forecast = exportForecast(undefined);
  expect(forecast.price).toMatch(/^\$0\.010 a GB in us-east-1/);
  expect(forecast).not.toHaveProperty('dollars');
});

test('how long an export takes is what the last one took, or not known', () => {
  expect(exportForecast(200).time).toMatch(/^not known before the first run/);
  expect(exportForecast(200, 2_890).time).toBe('the last one took 48 minutes');
  expect(exportForecast(200, 20).time).toBe('the last one took 1 minute');
});
