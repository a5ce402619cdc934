// What a worker does around a run: keeps the claim and says when it cannot, and leaves what another process runs to that process.
import { seconds } from '@rackwright/domain/durations.ts';
import type { OperationId } from '@rackwright/domain/ids.ts';
import type { Ports } from '@rackwright/workflows/ports.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { advanceOperation, type AdvanceNeeds } from './advance-operation.ts';
import type { Run } from './needs.ts';

const operationId = 'op_1' as OperationId;
const run: Run = {
  operationId,
  serverId: 'srv_1',
  workflow: 'onboard-server',
  params: {},
  fence: 1n,
  journal: { steps: [], deadlineAt: '2100-01-01T00:00:00.000Z', cancelRequested: false, failing: null },
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function needs(
  claimed: Run | 'busy' | 'over',
  held: Promise<never>,
): { needs: AdvanceNeeds; told: string[]; alarms: [string, number][] } {
  const told: string[] = [];
  const alarms: [string, number][] = [];
  const say = (facts: object, message: string): void => void told.push(`${message}: ${JSON.stringify(facts)}`);
  const ports = { clock: { now: () => Date.now() }, servers: { get: () => held } } as unknown as Ports;
  const runs = {
    claim: async () => claimed,
    renew: () => Promise.reject(new Error('no database')),
    stepLog: () => ({ load: async () => run.journal, save: async () => undefined, beginFailing: async () => undefined }),
    suspend: async () => new Date(Date.now() + 60_000).toISOString(),
    finish: async () => undefined,
    fail: async () => undefined,
    due: async () => [],
  };
  return {
    told,
    alarms,
    needs: {
      runs,
      queue: { wakeUp: async () => undefined },
      alarms: { set: (id, delayMs) => void alarms.push([id, delayMs]) },
      ports: () => ports,
      worker: 'w1',
      log: { info: say, warn: say, error: say },
    },
  };
}

test('a claim that cannot be renewed is told once a run, however long it lasts', async () => {
  const held = Promise.withResolvers<never>();
  const world = needs(run, held.promise);
  const advancing = advanceOperation(world.needs, operationId);
  await vi.advanceTimersByTimeAsync(seconds(60));
  expect(world.told).toEqual(['the claim could not be renewed: {"operationId":"op_1","because":"no database"}']);
  held.reject(new Error('over'));
  await advancing;
  const after = world.told.length;
  await vi.advanceTimersByTimeAsync(seconds(60));
  expect(world.told).toHaveLength(after);
});

test('what another process runs is looked at again a little later', async () => {
  const world = needs('busy', new Promise<never>(() => undefined));
  await advanceOperation(world.needs, operationId);
  expect(world.alarms).toEqual([[operationId, 1_000]]);
});
