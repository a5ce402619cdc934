// Fencing: two sightings, or a named person; never the silence of a BMC.
import { hours } from '@rackwright/domain/durations.ts';
import { drive } from '@rackwright/testkit/workflows/drive.ts';
import { simulatedWorld } from '@rackwright/testkit/world/simulated-world.ts';
import type { World } from '@rackwright/testkit/world/world.ts';
import type { FenceProof } from '@rackwright/domain/fence.ts';
import type { Workflow } from '@rackwright/workflow-engine/run-workflow.ts';
import { expect, test } from 'vitest';
import type { Ports, Task } from '../ports.ts';
import { fenceServer, refuseUnlessStillOff } from './fence-server.ts';

const WORD = {
  answer: 'confirm_power_off',
  person: 'Chen Mei',
  evidence: 'both cords pulled',
  by: 'noc',
  at: '2026-01-01T01:00:00Z',
} as const;

async function fenced(changes: Partial<World>, meanwhile: (world: World) => void = () => undefined) {
  const sim = simulatedWorld({ power: 'on', ...changes });
  let proof: FenceProof | undefined;
  const workflow: Workflow<Ports, Task<object>> = async (run, needs, task) => {
    meanwhile(sim.world);
    proof = await fenceServer(run, needs, task);
    await run.step('rely on it', () => refuseUnlessStillOff(needs, task, proof!));
  };
  const driven = await drive(workflow, sim, {});
  return { ...driven, proof, world: sim.world };
}

test('off, seen twice at least five seconds apart', async () => {
  const { proof } = await fenced({});
  expect(proof?.kind).toBe('seen_off_twice');
  if (proof?.kind === 'seen_off_twice')
    expect(Date.parse(proof.secondAt) - Date.parse(proof.firstAt)).toBeGreaterThanOrEqual(5_000);
});

test.each(['dead', 'refuses', 'lies'] as const)(
  'a BMC that is %s proves nothing: it waits, and in the end it fails',
  async (bmc) => {
    const { outcome, waits, proof } = await fenced({ bmc });
    expect(waits[0]).toMatchObject({ code: 'fence_unproven', unblockedBy: expect.stringContaining('confirm_power_off') });
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { code: 'step_deadline_passed', facts: { waitedFor: 'fence_unproven' } },
    });
    expect(proof).toBeUndefined();
  },
);

test.each(['dead', 'refuses'] as const)('with a BMC that is %s the word of a named person is the proof', async (bmc) => {
  const { outcome, proof } = await fenced({ bmc }, (world) => {
    if (world.now > Date.parse('2026-01-01T01:00:00Z')) world.answers.fence_unproven = WORD;
  });
  expect(outcome).toEqual({ kind: 'finished' });
  expect(proof).toEqual({ kind: 'confirmed_by_person', person: 'Chen Mei', evidence: 'both cords pulled', at: WORD.at });
});

test('a BMC that refuses our password is asked once an hour at most: more would lock the account', async () => {
  const sim = simulatedWorld({ power: 'on', bmc: 'refuses' });
  const asked: number[] = [];
  const { withBmc } = sim.ports;
  sim.ports.withBmc = (holder, use) => {
    asked.push(sim.world.now);
    return withBmc(holder, use);
  };
  const { waits } = await drive(async (run, needs, task) => void (await fenceServer(run, needs, task)), sim, {});
  const pauses = asked.slice(1).map((at, nth) => at - (asked[nth] ?? 0));
  expect(asked.length).toBeLessThanOrEqual(25);
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(hours(1));
  expect(waits[0]?.unblockedBy).toMatch(/asked once an hour.*confirm_power_off/);
});

test('a BMC whose account was locked and is free again proves it by itself', async () => {
  const { outcome, proof } = await fenced({ bmc: 'refuses' }, (world) => {
    if (world.now > Date.parse('2026-01-01T02:00:00Z')) world.bmc = 'answers';
  });
  expect(outcome).toEqual({ kind: 'finished' });
  expect(proof?.kind).toBe('seen_off_twice');
});

test('a BMC that answers again proves it by itself, and is believed more than a person', async () => {
  const back = await fenced({ bmc: 'dead' }, (world) => {
    if (world.now > Date.parse('2026-01-01T02:00:00Z')) world.bmc = 'answers';
  });
  expect(back.proof?.kind).toBe('seen_off_twice');

  const mistaken = await fenced({ bmc: 'dead', answers: { fence_unproven: WORD } }, (world) => {
    if (world.now > Date.parse('2026-01-01T00:00:00Z')) world.bmc = 'answers';
  });
  expect(mistaken.outcome).toEqual({ kind: 'finished' });
  expect(mistaken.proof?.kind).toBe('confirmed_by_person');
});

test('a machine that a person called dead and that its BMC calls on is not relied upon', async () => {
  const sim = simulatedWorld({ power: 'on', bmc: 'dead', answers: { fence_unproven: WORD } });
  const { outcome } = await drive(
    async (run, needs, task) => {
      const proof = await fenceServer(run, needs, task);
      sim.world.bmc = 'answers';
      await run.step('rely on it', () => refuseUnlessStillOff(needs, task, proof));
    },
    sim,
    {},
  );
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'fence_broken', facts: { power: 'on', seenOffAt: WORD.at } } });
});

test('somebody who switches it on again and again is noticed within minutes', async () => {
  const { outcome } = await fenced({}, (world) => {
    world.power = 'on';
  });
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'fence_broken' } });
});
