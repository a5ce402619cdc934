// bench:bmc fails where a BMC saw what it must not: two requests at once, two sessions, or a question while it is left alone.
import { expect, test } from 'vitest';
import { brokenAtBmcs, despiteTheBreaker, type Shunned, type ShunnedAt } from '../../scripts/bench/judge-bmcs.ts';

const SEEN = { mostAtOnce: 1, mostSessions: 1, sessions: 0 };
const GOOD = { bmcs: 10, during: { ...SEEN, sessions: 5 }, after: SEEN, sweeps: [{ name: 'sweep 4', asked: [] }] };

test('one request and one session at each BMC, and none at the end, breaks nothing', () => {
  expect(brokenAtBmcs(GOOD)).toEqual([]);
});

test.each([
  ['two requests at once', { during: { ...SEEN, mostAtOnce: 2 } }, '2 requests at once at one BMC'],
  ['two sessions', { during: { ...SEEN, mostSessions: 2 } }, '2 sessions at one BMC'],
  ['two sessions, opened at the very end', { after: { ...SEEN, mostSessions: 2 } }, '2 sessions at one BMC'],
  ['a session left', { after: { ...SEEN, sessions: 1 } }, '1 sessions left behind at the end'],
  ['more sessions than BMCs', { during: { ...SEEN, sessions: 11 } }, '11 sessions at 10 BMCs'],
  [
    'a dead BMC that was asked',
    { sweeps: [{ name: 'sweep 4', asked: ['FLEET-00002', 'FLEET-00004'] }] },
    'sweep 4: 2 BMCs were asked though they were to be left alone, one is FLEET-00002',
  ],
])('%s is said', (_name, seen, said) => {
  expect(brokenAtBmcs({ ...GOOD, ...seen })).toEqual([said]);
});

const DEAD: Shunned = { circuit: 'open', retryAt: 60_000, lastErrorAt: 1_000, asked: 7 };
const REFUSED: Shunned = { circuit: 'refused', retryAt: null, lastErrorAt: 1_000, asked: 3 };
const seenAt = (at: number, bmcs: Record<string, Shunned>): ShunnedAt => ({ at, bmcs: new Map(Object.entries(bmcs)) });

test('who was left alone all the time is counted, dead or refusing us', () => {
  const bmcs = { dead: DEAD, nobody: { ...DEAD, asked: null }, refused: REFUSED };
  expect(despiteTheBreaker(seenAt(2_000, bmcs), seenAt(20_000, bmcs))).toEqual({ alone: 3, asked: [] });
});

test('a dead BMC whose time came meanwhile may be asked', () => {
  const after = seenAt(60_500, { dead: { ...DEAD, retryAt: 180_000, lastErrorAt: 60_400, asked: 8 } });
  expect(despiteTheBreaker(seenAt(2_000, { dead: DEAD }), after)).toEqual({ alone: 0, asked: [] });
});

test.each<[string, Shunned | undefined, Shunned]>([
  ['something came at it', { ...DEAD, asked: 8 }, DEAD],
  [
    'nobody listens there, and the sweep itself wrote down that it failed again',
    { ...DEAD, asked: null, lastErrorAt: 9_000 },
    { ...DEAD, asked: null },
  ],
  ['it answered, so it was asked', undefined, DEAD],
  ['it refuses us, and we knocked again', { ...REFUSED, asked: 4 }, REFUSED],
])('asked before its time: %s', (_name, is, was) => {
  const after = seenAt(20_000, is === undefined ? {} : { one: is });
  expect(despiteTheBreaker(seenAt(2_000, { one: was }), after)).toEqual({ alone: 1, asked: ['one'] });
});
