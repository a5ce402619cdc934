// One alarm per operation, the newest; none after the end.
import type { OperationId } from '@rackwright/domain/ids.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { alarms } from './alarms.ts';

const [one, two] = ['op_1', 'op_2'] as OperationId[] as [OperationId, OperationId];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('the newest alarm of an operation replaces the one before, and concerns no other', () => {
  const rung: string[] = [];
  const clock = alarms((id) => void rung.push(id));
  clock.set(one, 1_000);
  clock.set(two, 1_500);
  clock.set(one, 5_000);
  vi.advanceTimersByTime(2_000);
  expect(rung).toEqual([two]);
  vi.advanceTimersByTime(3_000);
  expect(rung).toEqual([two, one]);
  vi.advanceTimersByTime(60_000);
  expect(rung).toHaveLength(2);
});

test('what sleeps for days is left to the sweep: a timer of more than 24 days would ring at once', () => {
  const rung: string[] = [];
  const clock = alarms((id) => void rung.push(id));
  clock.set(one, 30 * 24 * 3_600_000);
  vi.advanceTimersByTime(10_000);
  expect(rung).toEqual([]);
});

test('after the end nothing rings', () => {
  const rung: string[] = [];
  const clock = alarms((id) => void rung.push(id));
  clock.set(one, 1_000);
  clock.close();
  vi.advanceTimersByTime(10_000);
  expect(rung).toEqual([]);
});
