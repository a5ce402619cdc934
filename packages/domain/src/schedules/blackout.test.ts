// Windows that come again and again: the one that ends last counts, however many of them overlap.
import { expect, test } from 'vitest';
import { activeBlackout, LONGEST_BLACKOUT_MINUTES } from './blackout.ts';
import { timeZoneOf } from './time-zone.ts';

const zone = timeZoneOf('Asia/Taipei');
const at = (text: string): number => Date.parse(text);
const MINUTE = 60_000;

function until(cron: string, minutes: number, now: string): string | undefined {
  if (!zone) throw new Error('no zones here');
  const active = activeBlackout([{ cron, minutes, reason: 'freeze' }], zone, at(now));
  return active && new Date(active.until).toISOString();
}

test('a window of every minute that lasts a month ends a month after the last minute', () => {
  const now = '2026-03-10T10:20:30.000Z';
  const last = at('2026-03-10T10:20:00.000Z');
  expect(until('* * * * *', LONGEST_BLACKOUT_MINUTES, now)).toBe(
    new Date(last + LONGEST_BLACKOUT_MINUTES * MINUTE).toISOString(),
  );
});

test('the last that has begun counts: hourly, daily, on the first of a month', () => {
  expect(until('0 * * * *', 90, '2026-03-10T10:20:00.000Z')).toBe('2026-03-10T11:30:00.000Z');
  expect(until('0 2 * * *', 48 * 60, '2026-03-10T10:20:00.000Z')).toBe('2026-03-11T18:00:00.000Z');
  expect(until('0 0 1 * *', LONGEST_BLACKOUT_MINUTES, '2026-03-20T00:00:00.000Z')).toBe('2026-03-31T16:00:00.000Z');
});

test('one that is over, and one that never comes, hold up nothing', () => {
  expect(until('0 0 1 * *', 60, '2026-03-20T00:00:00.000Z')).toBeUndefined();
  expect(until('0 0 30 2 *', LONGEST_BLACKOUT_MINUTES, '2026-03-20T00:00:00.000Z')).toBeUndefined();
});
