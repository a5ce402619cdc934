// What a worker does around a schedule's run: it keeps the lease, and says once when it cannot.
import { seconds } from '@rackwright/domain/durations.ts';
import type { RunClaim } from '@rackwright/store/schedules/run-claims.ts';
import { StaleRun } from '@rackwright/workflow-engine/step-log.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { executeRun, type ExecuteNeeds } from './execute-run.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const claim = { runId: 'run_1', schedule: 'nightly', task: 'aged_states', picked: true, params: {} } as unknown as RunClaim;

test('a lease that cannot be renewed is told once a run, and without the cause', async () => {
  const told: string[] = [];
  const say = (facts: object, message: string): void => void told.push(`${message}: ${JSON.stringify(facts)}`);
  const items = Promise.withResolvers<never>();
  const store = {
    openItems: () => items.promise,
    renew: () => Promise.reject(new Error('query the database', { cause: new Error('postgres://u:hunter2@db') })),
  };
  const running = executeRun(claim, {
    store,
    leaseMs: seconds(20),
    log: { info: say, warn: say, error: say },
    stopping: new AbortController().signal,
  } as unknown as ExecuteNeeds);
  await vi.advanceTimersByTimeAsync(seconds(60));
  const line =
    'the lease of a schedule run could not be renewed: {"runId":"run_1","schedule":"nightly","because":"query the database"}';
  expect(told).toEqual([line]);
  items.reject(new StaleRun());
  await running;
  await vi.advanceTimersByTimeAsync(seconds(60));
  expect(told).toEqual([line]);
});
