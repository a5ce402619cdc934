// Run, queue, skip or wait: each with its reason.
import { expect, test } from 'vitest';
import { decideRun, type LastRuns, nextLook, previewTimes, type ScheduleRule } from './decide-run.ts';

const RULE: ScheduleRule = {
  cron: '0 3 * * *',
  timeZone: 'UTC',
  blackouts: [],
  overlap: 'skip',
  missed: { policy: 'skip' },
  paused: false,
  decidedThrough: '2026-03-01T12:00:00.000Z',
};
const IDLE: LastRuns = { running: undefined, queued: undefined };
const at = (text: string): number => Date.parse(text);
const decide = (change: Partial<ScheduleRule>, now: string, runs: Partial<LastRuns> = {}) =>
  decideRun({ ...RULE, ...change }, { ...IDLE, ...runs }, at(now));

test('waits for its time, then runs', () => {
  expect(decide({}, '2026-03-02T02:59:59Z')).toEqual({ do: 'wait', until: '2026-03-02T03:00:00.000Z', why: 'not_due' });
  expect(decide({}, '2026-03-02T03:00:01Z')).toEqual({
    do: 'run',
    plannedAt: '2026-03-02T03:00:00.000Z',
    why: 'due',
    missed: 0,
    lateSeconds: 1,
  });
});

test('what is decided is not decided again', () => {
  expect(decide({ decidedThrough: '2026-03-02T03:00:00.000Z' }, '2026-03-02T03:00:02Z')).toMatchObject({
    do: 'wait',
    until: '2026-03-03T03:00:00.000Z',
  });
});

test('paused waits for a person', () => {
  expect(decide({ paused: true }, '2026-03-02T03:00:01Z')).toEqual({ do: 'wait', until: null, why: 'paused' });
});

test('an expression that names no day never runs', () => {
  expect(decide({ cron: '0 0 30 2 *' }, '2026-03-02T03:00:01Z')).toEqual({ do: 'wait', until: null, why: 'never' });
});

test('times missed: skipped, made up for once, or only within a limit', () => {
  const late = '2026-03-04T05:00:00Z';
  expect(decide({}, late)).toMatchObject({ do: 'skip', why: 'missed', missed: 2, plannedAt: '2026-03-04T03:00:00.000Z' });
  expect(decide({ missed: { policy: 'run_once' } }, late)).toMatchObject({
    do: 'run',
    why: 'missed',
    missed: 2,
    lateSeconds: 7200,
  });
  expect(decide({ missed: { policy: 'within', minutes: 120 } }, late)).toMatchObject({ do: 'run', why: 'missed' });
  expect(decide({ missed: { policy: 'within', minutes: 119 } }, late)).toMatchObject({ do: 'skip', why: 'missed' });
});

test('years of missed minutes are one decision', () => {
  const decision = decide({ cron: '* * * * *', missed: { policy: 'run_once' } }, '2029-03-01T12:00:30Z');
  expect(decision).toMatchObject({ do: 'run', why: 'due', plannedAt: '2029-03-01T12:00:00.000Z', missed: 999 });
});

test('a blackout skips what is planned inside of it', () => {
  const blackouts = [{ from: '2026-03-02T02:00:00Z', until: '2026-03-02T04:00:00Z', reason: 'change freeze' }];
  expect(decide({ blackouts }, '2026-03-02T03:00:01Z')).toEqual({
    do: 'skip',
    plannedAt: '2026-03-02T03:00:00.000Z',
    why: 'blackout',
    missed: 0,
    facts: { window: 'change freeze', until: '2026-03-02T04:00:00.000Z' },
  });
});

test('planned before a blackout and late: waits for its end, and is judged by how late it is then', () => {
  const change: Partial<ScheduleRule> = {
    blackouts: [{ cron: '30 3 * * *', minutes: 60, reason: 'backups' }],
    missed: { policy: 'within', minutes: 60 },
  };
  expect(decide(change, '2026-03-02T03:50:00Z')).toEqual({ do: 'wait', until: '2026-03-02T04:30:00.000Z', why: 'blackout' });
  expect(decide(change, '2026-03-02T04:30:00Z')).toMatchObject({ do: 'skip', why: 'missed' });
});

test('a blackout of an expression is meant in the zone of the schedule', () => {
  const change: Partial<ScheduleRule> = {
    cron: '30 2 * * *',
    timeZone: 'Asia/Taipei',
    blackouts: [{ cron: '0 2 * * *', minutes: 45, reason: 'night shift' }],
  };
  expect(decide(change, '2026-03-01T18:30:01Z')).toMatchObject({ do: 'skip', why: 'blackout' });
});

test('one that is under way: the next is skipped, or one waits', () => {
  const now = '2026-03-02T03:00:01Z';
  expect(decide({}, now, { running: 'run_1' })).toMatchObject({ do: 'skip', why: 'still_running', facts: { running: 'run_1' } });
  expect(decide({ overlap: 'queue_one' }, now, { running: 'run_1' })).toMatchObject({ do: 'queue', behind: 'run_1' });
  expect(decide({ overlap: 'queue_one' }, now, { running: 'run_1', queued: 'run_2' })).toMatchObject({
    do: 'skip',
    why: 'still_running',
  });
  expect(decide({ overlap: 'queue_one' }, now, { queued: 'run_2' })).toMatchObject({ do: 'skip', facts: { running: 'run_2' } });
});

test('after a decision the next look is at the next planned time', () => {
  const now = at('2026-03-02T03:00:01Z');
  expect(nextLook(RULE, decideRun(RULE, IDLE, now), now)).toBe('2026-03-03T03:00:00.000Z');
});

test('a preview names the window that closes a time', () => {
  const blackouts = [{ from: '2026-03-03T00:00:00Z', until: '2026-03-04T00:00:00Z', reason: 'move' }];
  expect(previewTimes({ ...RULE, blackouts }, at('2026-03-01T12:00:00Z'), 3)).toEqual([
    { at: '2026-03-02T03:00:00.000Z', blackout: null },
    { at: '2026-03-03T03:00:00.000Z', blackout: 'move' },
    { at: '2026-03-04T03:00:00.000Z', blackout: null },
  ]);
});
