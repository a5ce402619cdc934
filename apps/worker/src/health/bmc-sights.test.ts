// What BMCs said lately: believed for a minute, silence included, and nobody is waited for without end.
import type { ServerId } from '@rackwright/domain/ids.ts';
import { afterEach, expect, test, vi } from 'vitest';
import { bmcSights } from './bmc-sights.ts';

const [well, dead, hangs] = ['srv_1', 'srv_2', 'srv_3'] as [ServerId, ServerId, ServerId];
afterEach(() => void vi.useRealTimers());

test('answers, refusals and hangs; a minute later nothing is known', async () => {
  vi.useFakeTimers();
  let now = 0;
  const sights = bmcSights({
    now: () => now,
    power: (id) =>
      id === hangs ? new Promise(() => undefined) : id === dead ? Promise.reject(new Error('no')) : Promise.resolve('on'),
  });
  const asking = sights.ask([well, dead, hangs]);
  await vi.advanceTimersByTimeAsync(30_000);
  await asking;
  expect([well, dead, hangs].map(sights.of)).toEqual(['answers', 'silent', 'silent']);
  now = 59_999;
  expect(sights.of(well)).toBe('answers');
  now = 60_000;
  expect(sights.of(well)).toBeUndefined();
});
