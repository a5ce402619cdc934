// LLDP to a place in a rack, and when it is better to say nothing.
import { expect, test } from 'vitest';
import type { InspectedNic } from './inspection.ts';
import { proposePlace, type WiredRack } from './propose-place.ts';

const rack = (name: string, switches: string[], switchPorts: Record<string, number> = {}): WiredRack => ({
  id: `rck_${name}`,
  name,
  switches,
  switchPorts,
});
const nic = (name: string, systemName?: string, portId = 'e1'): InspectedNic => ({
  name,
  mac: '52:54:00:00:00:01',
  speedMbps: 25_000,
  linkUp: true,
  driver: 'x',
  ...(systemName === undefined ? {} : { lldp: { chassisId: 'c', portId, systemName } }),
});
const racks = [rack('R1', ['r1-tor-a', 'R1-tor-b'], { e1: 7, e2: 9, toString: 3 }), rack('R2', ['r2-tor'])];
const place = (...nics: InspectedNic[]) => {
  const found = proposePlace({ nics }, racks);
  return found && [found.rackName, found.uPosition];
};

test('the switch tells the rack, its port the unit', () => {
  expect(proposePlace({ nics: [nic('eth0'), nic('eth1', 'r1-tor-a')] }, racks)).toEqual({
    rackId: 'rck_R1',
    rackName: 'R1',
    uPosition: 7,
    heard: { nic: 'eth1', switch: 'r1-tor-a', port: 'e1' },
  });
});
test('case and domain of the name do not count', () => expect(place(nic('eth0', 'R1-TOR-B.dc.example'))).toEqual(['R1', 7]));
test('two switches of one rack that agree', () => expect(place(nic('a', 'r1-tor-a'), nic('b', 'r1-tor-b'))).toEqual(['R1', 7]));
test('one port of two is in the table', () =>
  expect(place(nic('a', 'r1-tor-a', 'e1.1'), nic('b', 'r1-tor-b'))).toEqual(['R1', 7]));
test('ports that name several units', () =>
  expect(place(nic('a', 'r1-tor-a'), nic('b', 'r1-tor-b', 'e2'))).toEqual(['R1', null]));
test('a port that is in no table', () => expect(place(nic('a', 'r2-tor'))).toEqual(['R2', null]));
test('switches of two racks', () => expect(place(nic('a', 'r1-tor-a'), nic('b', 'r2-tor'))).toBeUndefined());
test('a switch nobody knows, or none', () => {
  expect(place(nic('a', 'core-1'))).toBeUndefined();
  expect(place(nic('a', ''))).toBeUndefined();
  expect(place(nic('a'))).toBeUndefined();
});
test('names of members are no ports', () => expect(place(nic('a', 'r2-tor', 'constructor'))).toEqual(['R2', null]));
