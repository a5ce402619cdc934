// Two racks of simulated servers, powered on through their own BMCs, all at once against the real boot services.
import { redfishOnce } from './boot-http-redfish.ts';
import { startVirtualRack, type VirtualRack } from '@rackwright/virtual-rack-app/virtual-rack.ts';
import { afterEach, expect, test } from 'vitest';
import { type BootServices, startBootServices } from './boot-http-services.ts';
import { type BootWorld, bootWorld, eventually } from './boot-http-world.ts';

let world: BootWorld;
let services: BootServices;
let rack: VirtualRack;

async function start(servers: number) {
  world = bootWorld();
  services = await startBootServices(world);
  rack = await startVirtualRack({ servers, boot: services, pace: { factor: 0, leastPause: 0.05 } });
}
afterEach(async () => {
  await rack.close();
  await services.close();
  world.close();
  expect(services.faults).toEqual([]);
});

test('the same number makes the same rack', async () => {
  await start(42);
  expect(rack.servers).toHaveLength(42);
  const [first, second] = rack.servers;
  expect(first).toMatchObject({
    name: 'r01-u01',
    serial: 'RW-SIM-00001',
    assetTag: 'ASSET-00001',
    rack: 'r01',
    u: 1,
    macs: ['02:52:57:00:00:00', '02:53:57:00:00:00'],
    bmc: { protocol: 'redfish' },
  });
  expect(second?.bmc).toMatchObject({ protocol: 'ipmi', address: '127.0.0.1' });
  expect(rack.servers.at(-1)).toMatchObject({ name: 'r02-u02', u: 2, macs: ['02:52:57:00:00:29', '02:53:57:00:00:29'] });
  for (const part of ['serial', 'name', 'assetTag'] as const) {
    expect(new Set(rack.servers.map((server) => server[part])).size).toBe(42);
  }
});

test('a whole rack is powered on at once, and every server reports', async () => {
  await start(60);
  const tickets = rack.servers.map((server, n) => {
    const record = world.server({ name: server.name, mac: server.macs[0] ?? '', address: `127.77.1.${n + 1}` });
    server.chassis.setBootOverride({ device: 'network', once: true, mode: 'uefi' });
    server.chassis.act('on');
    return record.openTicket();
  });
  await eventually('all report', () => world.inspections.size === 60);
  for (const [n, { ticketId }] of tickets.entries()) {
    expect(world.inspections.get(ticketId)?.system.serial).toBe(rack.servers[n]?.serial);
  }
  await eventually('all wait', () => tickets.every(({ ticketId }) => world.waiting(ticketId) === 1));
});

test('power by Redfish moves the machine behind it', async () => {
  await start(1);
  const [server] = rack.servers;
  if (!server) throw new Error('no server');
  const { ticketId } = world.server({ name: server.name, mac: server.macs[0] ?? '', address: '127.77.1.1' }).openTicket();
  await redfishOnce(server.bmc.address, server.credentials, 'On');
  await eventually('it reports', () => world.inspections.get(ticketId));
  expect(server.machine.stage()).toBe('agent');
  await redfishOnce(server.bmc.address, server.credentials, 'ForceOff');
  await eventually('it is off', () => server.machine.stage() === 'off' && server.chassis.power() === 'off');
});
