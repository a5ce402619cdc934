// Retiring: every disk erased with evidence, the machine off, nothing of it left anywhere.
import { breakEveryStep } from '@rackwright/testkit/workflows/break-every-step.ts';
import { drive } from '@rackwright/testkit/workflows/drive.ts';
import { exampleInspection, exampleServer, IMAGE, simulatedWorld } from '@rackwright/testkit/world/simulated-world.ts';
import type { World } from '@rackwright/testkit/world/world.ts';
import { expect, test } from 'vitest';
import { retireServer } from './retire-server.ts';

const NODE = 'r1-u01';
const params = { outcome: 'scrapped' } as const;

function resting(changes: Partial<World> = {}) {
  return simulatedWorld({ server: { ...exampleServer(), state: 'retiring', hardware: exampleInspection() }, ...changes });
}

/** Its release failed after the fence: still a member, its Node object still there. */
function quarantined(changes: Partial<World> = {}) {
  const assignment = { clusterId: 'cls_1', nodeName: NODE, imageDigest: IMAGE, rootDiskSerial: 'SSD-1', nodeUid: null } as const;
  return resting({
    server: { ...exampleServer(), state: 'retiring', hardware: exampleInspection(), assignment },
    power: 'on',
    disks: { 'SSD-1': IMAGE, 'HDD-1': 'foreign' },
    nodes: { [NODE]: { uid: 'uid-1', ready: true, unschedulable: true, labels: { 'rackwright.dev/server-id': 'srv_1' } } },
    ...changes,
  });
}

test('without an accepted inspection nobody knows what there is to erase', async () => {
  const sim = simulatedWorld({ server: { ...exampleServer(), state: 'retiring' } });
  const { outcome } = await drive(retireServer, sim, params);
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'hardware_not_accepted' } });
  expect(sim.world.deeds).toEqual([]);
});

test('a member is fenced and leaves its cluster before its disks are touched', async () => {
  const sim = quarantined();
  const { outcome } = await drive(retireServer, sim, params);
  expect(outcome).toEqual({ kind: 'finished' });
  expect(sim.world.deeds).toEqual(['power off', `delete node ${NODE}`, 'erase SSD-1', 'erase HDD-1', 'power off']);
  expect(sim.world.server.assignment).toBeNull();
});

test('an agent that cannot find a disk ends it without a word of success', async () => {
  const sim = resting({ agentOutcome: 'refused' });
  const { outcome } = await drive(retireServer, sim, params);
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'disk_serial_mismatch' } });
  expect(sim.world).toMatchObject({ power: 'off', erasures: [] });
});

const removal = (serial: string) => ({
  serial,
  method: 'destroyed' as const,
  person: 'Chen Mei',
  witness: 'Lin Hao',
  evidence: 'shredded, protocol 4711',
  at: '2026-01-01T00:00:00Z',
});
const without = (...serials: string[]) => {
  const seen = exampleInspection();
  return { ...seen, disks: seen.disks.filter(({ serial }) => !serials.includes(serial)) };
};

test('a disk that somebody destroyed is accounted for by their word; the others are erased', async () => {
  const sim = resting({ removals: [removal('SSD-1')], seenInspection: without('SSD-1'), disks: { 'HDD-1': 'foreign' } });
  expect((await drive(retireServer, sim, params)).outcome).toEqual({ kind: 'finished' });
  expect(sim.world.deeds).toEqual(['erase HDD-1', 'power off']);
  expect(sim.world.erasures).toMatchObject([{ serial: 'HDD-1', readBack: 'zero' }, removal('SSD-1')]);
});

test('a disk that was said to be out and is still there stops it before anything is erased', async () => {
  const sim = resting({ removals: [removal('SSD-1')] });
  const { outcome } = await drive(retireServer, sim, params);
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'disk_still_attached', facts: { serials: 'SSD-1' } } });
  expect(sim.world).toMatchObject({ erasures: [], power: 'off' });
  expect(sim.world.deeds).not.toContain('erase HDD-1');
});

test('a dead machine whose disks are all out need not boot: it is off, by its BMC or by a named person', async () => {
  const removals = [removal('SSD-1'), removal('HDD-1')];
  const sim = resting({ removals });
  expect((await drive(retireServer, sim, params)).outcome).toEqual({ kind: 'finished' });
  expect(sim.world).toMatchObject({ tickets: [], erasures: removals, power: 'off' });
  const word = {
    answer: 'confirm_power_off',
    person: 'Chen Mei',
    evidence: 'cords pulled',
    by: 'noc',
    at: '2026-01-01T00:00:00Z',
  };
  const dead = resting({ removals, bmc: 'dead', answers: { fence_unproven: word as never } });
  expect((await drive(retireServer, dead, params)).outcome).toEqual({ kind: 'finished' });
});

for (const [name, start] of [
  ['retire', resting],
  ['retire a member', quarantined],
] as const) {
  await breakEveryStep(name, retireServer, {
    params,
    start: () => start(),
    finished(world) {
      expect(world.disks).toEqual({ 'SSD-1': 'zero', 'HDD-1': 'zero' });
      expect(world.erasures.map((e) => e.serial)).toEqual(['SSD-1', 'HDD-1']);
      expect(world).toMatchObject({ power: 'off', nodes: {}, tokens: {} });
      expect(world.server.assignment).toBeNull();
      expect(world.tickets.some((ticket) => ticket.open)).toBe(false);
    },
    gaveUp(world) {
      expect(world.tickets.some((ticket) => ticket.open)).toBe(false);
      const deletedAt = world.deeds.indexOf(`delete node ${NODE}`);
      if (deletedAt >= 0) expect(world.deeds.indexOf('power off')).toBeLessThan(deletedAt);
    },
  });
}
