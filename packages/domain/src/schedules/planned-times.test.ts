// When a schedule runs: the five fields, and the days on which clocks change.
import { expect, test } from 'vitest';
import { parseCron } from './parse-cron.ts';
import { nextPlanned, plannedTimes } from './planned-times.ts';
import { timeZoneOf } from './time-zone.ts';

function times(expression: string, zoneName: string, after: string, count: number): string[] {
  const parsed = parseCron(expression);
  const zone = timeZoneOf(zoneName);
  if (!parsed.ok || !zone) throw new Error('unusable clock');
  const found: string[] = [];
  for (const time of plannedTimes(parsed.cron, zone, Date.parse(after))) {
    found.push(new Date(time).toISOString().slice(0, 16));
    if (found.length === count) break;
  }
  return found;
}

test.each([
  ['*/15 * * * *', 'UTC', '2026-01-01T00:05:00Z', ['2026-01-01T00:15', '2026-01-01T00:30']],
  // 03:00 in Taipei, which has had no summer time since 1979.
  ['0 3 * * *', 'Asia/Taipei', '2026-03-28T00:00:00Z', ['2026-03-28T19:00', '2026-03-29T19:00']],
  ['0 3 * * *', 'Asia/Taipei', '2026-10-24T00:00:00Z', ['2026-10-24T19:00', '2026-10-25T19:00']],
  ['30 22 * * 1-5', 'Europe/Berlin', '2026-11-20T00:00:00Z', ['2026-11-20T21:30', '2026-11-23T21:30']],
  // Either of the two day fields, when both are restricted: the 13th, and each Friday.
  ['0 0 13 * fri', 'UTC', '2026-01-10T00:00:00Z', ['2026-01-13T00:00', '2026-01-16T00:00']],
  ['0 0 */10 * fri', 'UTC', '2026-05-01T00:00:00Z', ['2026-07-31T00:00']],
  ['0 12 29 feb *', 'UTC', '2096-03-01T00:00:00Z', ['2104-02-29T12:00']],
  ['0 0 * * 7', 'UTC', '2026-11-22T00:00:00Z', ['2026-11-29T00:00']],
  ['5,35 8-10/2 1 jan,jul *', 'UTC', '2026-01-01T08:10:00Z', ['2026-01-01T08:35', '2026-01-01T10:05']],
])('%s in %s after %s', (expression, zone, after, expected) => {
  expect(times(expression, zone, after, expected.length)).toEqual(expected);
});

test('clocks forward: what the gap swallows runs once, when it ends', () => {
  // Berlin, 29 March 2026: 02:00 CET becomes 03:00 CEST at 01:00 UTC.
  expect(times('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 2)).toEqual(['2026-03-29T01:00', '2026-03-30T00:30']);
  expect(times('*/20 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 2)).toEqual(['2026-03-29T01:00', '2026-03-30T00:00']);
  // Both at once: 02:30, made up for at 03:00, and 03:00 itself.
  expect(times('0,30 2,3 29 3 *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 2)).toEqual(['2026-03-29T01:00', '2026-03-29T01:30']);
  // A gap at midnight (São Paulo, 4 November 2018), and one of half an hour (Lord Howe, 4 October 2026).
  expect(times('0 0 * * *', 'America/Sao_Paulo', '2018-11-03T12:00:00Z', 1)).toEqual(['2018-11-04T03:00']);
  expect(times('15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T12:00:00Z', 1)).toEqual(['2026-10-03T15:30']);
  // A day that the calendar left out (Samoa, 30 December 2011).
  expect(times('0 9 30 12 *', 'Pacific/Apia', '2011-12-01T00:00:00Z', 1)).toEqual(['2011-12-30T10:00']);
});

test('clocks back: what comes twice runs the first time', () => {
  // Berlin, 25 October 2026: 03:00 CEST becomes 02:00 CET at 01:00 UTC.
  expect(times('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual(['2026-10-25T00:30', '2026-10-26T01:30']);
  expect(times('30 */2 25 10 *', 'Europe/Berlin', '2026-10-24T22:45:00Z', 2)).toEqual(['2026-10-25T00:30', '2026-10-25T03:30']);
});

test('every hour follows real time through both changes', () => {
  const springAndFall = [
    times('30 * * * *', 'Europe/Berlin', '2026-03-28T23:45:00Z', 3),
    times('30 * * * *', 'Europe/Berlin', '2026-10-24T23:45:00Z', 3),
  ];
  expect(springAndFall).toEqual([
    ['2026-03-29T00:30', '2026-03-29T01:30', '2026-03-29T02:30'],
    ['2026-10-25T00:30', '2026-10-25T01:30', '2026-10-25T02:30'],
  ]);
});

test('no planned time repeats or runs backwards, in any zone, over two years', () => {
  for (const zone of [
    'Europe/Berlin',
    'Asia/Taipei',
    'America/New_York',
    'Australia/Lord_Howe',
    'Africa/Casablanca',
    'Asia/Kathmandu',
  ]) {
    const found = times('0,17,30 0-4 * * *', zone, '2026-01-01T00:00:00Z', 15 * 365 * 2);
    expect(found.toSorted()).toEqual(found);
    expect(new Set(found).size).toBe(found.length);
  }
});

test('an expression that names no day has no next time', () => {
  const parsed = parseCron('0 0 30 2 *');
  const zone = timeZoneOf('UTC');
  expect(parsed.ok && zone && nextPlanned(parsed.cron, zone, Date.parse('2026-01-01T00:00:00Z'))).toBeUndefined();
});

test.each([
  ['* * * *', 'expression', 'five fields'],
  ['@daily', 'expression', '0 0 * * *'],
  ['60 * * * *', 'minute', '0 to 59'],
  ['* 24 * * *', 'hour', '0 to 23'],
  ['* * 0 * *', 'day of month', '1 to 31'],
  ['* * * foo *', 'month', 'a name like feb'],
  ['* * * * 8', 'day of week', '0 to 7'],
  ['*/0 * * * *', 'minute', 'step'],
  ['* 5-2 * * *', 'hour', 'backwards'],
  ['1-2-3 * * * *', 'minute', 'range'],
  ['* * L * *', 'day of month', 'number'],
  [', * * * *', 'minute', 'number'],
  [`${'1,'.repeat(200)}1 * * * *`, 'expression', 'longer'],
])('refused: %s', (expression, field, problem) => {
  const parsed = parseCron(expression);
  expect(parsed).toMatchObject({ ok: false, fault: { field, problem: expect.stringContaining(problem) } });
});

test.each(['Europe/Atlantis', '', '+01:00', 'UTC+1 ', 'x'.repeat(80)])('no zone: %s', (name) => {
  expect(timeZoneOf(name)).toBeUndefined();
});
