// Which failed servers the repair sweep leads on by itself, and which it only tells of.
import type { ServerCandidate } from '@rackwright/domain/schedules/candidate.ts';
import type { ServerState } from '@rackwright/domain/server-lifecycle/table.ts';
import { expect, test } from 'vitest';
import type { TaskNeeds } from './needs.ts';
import { repairSweep } from './repair-sweep.ts';
import type { RunOfItem } from './task.ts';

const NOW = Date.parse('2026-01-02T00:00:00Z');
const PARAMS = { act: 'begin', afterHours: 1, most: 10, atOnce: 2 } as const;

const failed = (state: ServerState, keptData: boolean): ServerCandidate => ({
  id: 'srv_1',
  name: 'R1-U1',
  serial: 'SN',
  state,
  stateSince: '2026-01-01T00:00:00Z',
  currentOperationId: null,
  keptData,
  bmc: {
    protocol: 'redfish',
    hasCredentials: true,
    tlsMode: null,
    passwordChangedAt: null,
    passwordChangeOpen: false,
    passwordInDoubt: false,
  },
  hardware: null,
  expectedFirmware: null,
});

const pick = (server: ServerCandidate) =>
  repairSweep.pick({ servers: [server], clusters: [] }, PARAMS, { now: NOW, timeZone: 'UTC' })[0];

/** @param server  as it is when its turn comes */
function act(server: ServerCandidate, next: string) {
  const subject = { kind: 'server', id: server.id, name: server.name } as const;
  const item = { position: 0, subject, facts: { next }, operation: null };
  // Nothing else is asked of the outside.
  const needs = { findServer: async () => server } as unknown as TaskNeeds;
  const run: RunOfItem = { runId: 'run', holder: 'h', parkedAs: 'p', deadlineAt: '2026-01-03T00:00:00Z', timeZone: 'UTC' };
  return repairSweep.act(item, PARAMS, needs, run);
}

test.each(['provisioning_failed', 'quarantined'] as const)(
  '%s with disks that were to be kept is told, and that is all',
  (state) => {
    expect(pick(failed(state, true))).toMatchObject({ picked: true, result: { finding: state, next: 'release' } });
    const begins = pick(failed(state, false));
    expect(begins).toMatchObject({ picked: true, facts: { next: 'release' } });
    expect(begins).not.toHaveProperty('result');
  },
);

test('onboarding again erases nothing: it is begun whatever was promised', async () => {
  expect(pick(failed('onboarding_failed', true))).not.toHaveProperty('result');
  expect(await act(failed('onboarding_failed', true), 'onboard')).toMatchObject({ do: 'begin', event: 'onboard' });
});

test('what was re-imaged or repaired since it was picked is left alone', async () => {
  expect(await act(failed('quarantined', false), 'release')).toMatchObject({ do: 'begin', event: 'release' });
  expect(await act(failed('quarantined', true), 'release')).toMatchObject({ do: 'skip', reason: 'state_not_meant' });
});
