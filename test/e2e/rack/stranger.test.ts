// A machine that nobody put on file is powered on: it boots the agent, shows up with its place, is accepted and comes into stock.
import { minutes } from '@rackwright/domain/durations.ts';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { startSimulatedSite, untilAll, type SimulatedSite } from './simulated-site.ts';

type Named = { id: string };
type Discovery = { mac: string; inspection: object | null; networkName: string | null };

let site: SimulatedSite | undefined;
afterEach(async () => {
  await site?.close();
  site = undefined;
});

test('a stranger is discovered in its rack, accepted, onboarded', { timeout: minutes(4) }, async () => {
  site = await startSimulatedSite(1, {
    register: async (api) => {
      const { id: siteId } = await api.post<Named>('/v1/sites', { name: 'virtual' });
      const pool = { first: '127.77.200.1', last: '127.77.200.50' };
      await api.post('/v1/networks', { siteId, name: 'virtual', cidr: '127.77.0.0/16', dhcp: 'pool', pool });
      await api.post('/v1/racks', { siteId, name: 'A-07', topOfRackSwitches: { r01: {} }, switchPorts: { 'xe-0/0/1': 12 } });
      return { servers: [], imageDigest: '', clusterId: '' };
    },
  });
  const { api, rack } = site;
  const machine = rack.servers[0];
  if (!machine) throw new Error('the rack is empty');
  machine.chassis.act('on');

  const found = await eventually(async () => {
    const { items } = await api.get<{ items: Discovery[] }>('/v1/discoveries');
    // What DHCP heard is written down a moment later than what the agent counted.
    return items.find(({ inspection, networkName }) => inspection !== null && networkName !== null);
  });
  expect(found).toMatchObject({
    mac: machine.macs[0],
    networkName: 'virtual',
    inspection: { system: { serial: machine.serial }, nics: machine.macs.map((mac) => ({ mac })) },
    proposal: { rackName: 'A-07', uPosition: 12, heard: { switch: 'r01', port: 'xe-0/0/1' }, occupant: null },
    knownServer: null,
  });

  const bmc = { ...machine.bmc, credentials: machine.credentials };
  const server = await api.post<Named>(`/v1/discoveries/${found.mac}/accept`, { name: 'A-07-U12', bmc });
  expect(server).toMatchObject({ state: 'registered', serial: machine.serial, rackName: 'A-07', uPosition: 12 });
  expect(await api.get('/v1/discoveries')).toMatchObject({ items: [] });

  await api.post(`/v1/servers/${server.id}/operations`, { type: 'onboard' });
  await untilAll(site, 'available', minutes(2));
});

async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + minutes(2);
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > end) throw new Error('not within two minutes');
    await pause(100);
  }
}
