// Onboarding: what it promises when all goes well, when the world refuses, and when any step breaks.
import { breakEveryStep } from '@rackwright/testkit/workflows/break-every-step.ts';
import { drive } from '@rackwright/testkit/workflows/drive.ts';
import { exampleInspection, simulatedWorld } from '@rackwright/testkit/world/simulated-world.ts';
import { expect, test } from 'vitest';
import { onboardServer } from './onboard-server.ts';

test('a second server with the same serial is refused, and nothing was switched on', async () => {
  const sim = simulatedWorld({ twin: { id: 'srv_2', name: 'R1-U02' } });
  const { outcome } = await drive(onboardServer, sim, {});
  expect(outcome).toMatchObject({
    kind: 'failed',
    error: { code: 'serial_already_known', facts: { serial: 'SN-1', known: 'R1-U02' } },
  });
  expect(sim.world).toMatchObject({ power: 'off', tickets: [], deeds: [] });
});

test('a BMC of another machine is refused', async () => {
  const sim = simulatedWorld({ bmcSerial: 'SN-9' });
  const { outcome } = await drive(onboardServer, sim, {});
  expect(outcome).toMatchObject({
    kind: 'failed',
    error: { code: 'serial_mismatch', facts: { onFile: 'SN-1', seen: 'SN-9', seenBy: 'BMC' } },
  });
});

test('a report without the NIC on file is refused; the machine is off again and its ticket closed', async () => {
  const other = { ...exampleInspection(), nics: [] };
  const sim = simulatedWorld({ seenInspection: other });
  const { outcome } = await drive(onboardServer, sim, {});
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'hardware_changed' } });
  expect(sim.world.power).toBe('off');
  expect(sim.world.tickets.every((ticket) => !ticket.open)).toBe(true);
  expect(sim.world.server.hardware).toBeNull();
});

test('boot services that do not know the ticket are looked at seldom, for they wake whom they know; nothing is switched on before', async () => {
  const sim = simulatedWorld();
  const began = sim.world.now;
  const looks: { afterMs: number; power: string }[] = [];
  sim.ports.bootTickets.knowledge = async () => {
    looks.push({ afterMs: sim.world.now - began, power: sim.world.power });
    return looks.length < 4 ? 'behind' : 'known';
  };
  const { outcome, waits } = await drive(onboardServer, sim, {});
  expect(outcome).toEqual({ kind: 'finished' });
  expect(waits[0]).toMatchObject({ code: 'boot_services_behind' });
  expect(looks).toEqual([0, 30_000, 60_000, 90_000].map((afterMs) => ({ afterMs, power: 'off' })));
});

await breakEveryStep('onboard', onboardServer, {
  params: {},
  start: () => simulatedWorld(),
  finished(world) {
    expect(world.server.hardware).toEqual(exampleInspection());
    expect(world.power).toBe('off');
    expect(world.tickets.map((ticket) => ticket.open)).toEqual([false]);
    expect(world.disks).toEqual({ 'SSD-1': 'foreign', 'HDD-1': 'foreign' });
  },
  gaveUp(world) {
    expect(world.power).toBe('off');
    expect(world.tickets.some((ticket) => ticket.open)).toBe(false);
    expect(world.disks).toEqual({ 'SSD-1': 'foreign', 'HDD-1': 'foreign' });
  },
});
