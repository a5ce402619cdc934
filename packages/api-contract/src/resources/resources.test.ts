// What the resources refuse beyond the forms of single fields.
import { expect, test } from 'vitest';
import { hasHostBits, isHostAddress } from '../addresses.ts';
import { bmcInput } from './bmc.ts';
import { readCursor, sayCursor } from './event.ts';
import { newNetwork } from './network.ts';
import { newOperation } from './operation.ts';
import { newServer } from './server.ts';

const SITE = 'site_01JD9Z0000000000000000000A';

test.each([
  ['10.77.0.0/24', '10.77.0.1', true],
  ['10.77.0.0/24', '10.77.0.0', false],
  ['10.77.0.0/24', '10.77.0.255', false],
  ['10.77.0.0/24', '10.77.1.1', false],
  ['10.77.0.0/31', '10.77.0.0', true],
  ['192.0.2.128/25', '192.0.2.127', false],
  ['0.0.0.0/0', '8.8.8.8', true],
])('%s has host %s: %s', (cidr, address, has) => {
  expect(isHostAddress(cidr, address)).toBe(has);
});

test('host bits are seen', () => {
  expect(hasHostBits('10.77.0.1/24')).toBe(true);
  expect(hasHostBits('10.77.0.0/24')).toBe(false);
});

test.each([
  ['gateway outside', { gateway: '10.78.0.1' }, ['gateway']],
  ['pool outside', { dhcp: 'pool', pool: { first: '10.78.0.1', last: '10.78.0.9' } }, ['pool']],
  ['pool backwards', { dhcp: 'pool', pool: { first: '10.77.0.9', last: '10.77.0.1' } }, ['pool']],
  ['pool missing', { dhcp: 'pool' }, ['pool']],
  ['host bits', { cidr: '10.77.0.1/24' }, ['cidr']],
  ['unknown field', { vlan: 7 }, []],
])('a network with %s is refused', (_what, wrong, path) => {
  const answer = newNetwork.safeParse({ siteId: SITE, name: 'prov', cidr: '10.77.0.0/24', ...wrong });
  expect(answer.error?.issues[0]?.path).toEqual(path);
});

test.each([
  ['an address with a path', { protocol: 'redfish', address: 'https://10.0.4.12/redfish' }],
  ['an address with a name in it', { protocol: 'redfish', address: 'https://root:calvin@10.0.4.12' }],
  ['an address without a scheme', { protocol: 'redfish', address: '10.0.4.12' }],
  ['another scheme', { protocol: 'redfish', address: 'file:///etc/passwd' }],
  ['a port for redfish', { protocol: 'redfish', address: 'https://10.0.4.12', port: 623 }],
  ['an URL for ipmi', { protocol: 'ipmi', address: 'https://10.0.4.12' }],
  ['tls for ipmi', { protocol: 'ipmi', address: '10.0.4.12', tls: { mode: 'insecure' } }],
  ['another protocol', { protocol: 'wsman', address: '10.0.4.12' }],
  ['half credentials', { protocol: 'ipmi', address: '10.0.4.12', credentials: { username: 'root' } }],
])('a BMC with %s is refused', (_what, bmc) => {
  expect(bmcInput.safeParse(bmc).success).toBe(false);
});

test('a server has its defaults, and needs a serial', () => {
  const server = newServer.parse({ name: 'R1-U01', siteId: SITE, serial: '7XK2LM3' });
  expect(server).toMatchObject({ uHeight: 1, face: 'front', firmwareMode: 'uefi', nics: {}, bmc: null, assetTag: null });
  expect(newServer.safeParse({ name: 'R1-U01', siteId: SITE }).error?.issues[0]?.path).toEqual(['serial']);
  expect(newServer.safeParse({ name: 'R1-U01', siteId: 'rck_01JD9Z0000000000000000000A', serial: 'x' }).success).toBe(false);
});

test('an operation takes the parameters of its type only', () => {
  expect(newOperation.parse({ type: 'onboard' })).toEqual({ type: 'onboard', params: {}, reason: '' });
  expect(newOperation.safeParse({ type: 'onboard', params: { drain: { policy: 'wait', minutes: 5 } } }).success).toBe(false);
  const release = (drain: object) => newOperation.safeParse({ type: 'release', params: { drain } }).success;
  expect(release({ policy: 'ask', minutes: 5, forceAfterMinutes: 30 })).toBe(true);
  expect(release({ policy: 'force', minutes: 5, forceAfterMinutes: 30 })).toBe(false);
  expect(release({ policy: 'wait' })).toBe(false);
  expect(newOperation.safeParse({ type: 'retire', params: { outcome: 'lost' } }).success).toBe(false);
  expect(newOperation.safeParse({ type: 'provision' }).success).toBe(false);
  expect(newOperation.safeParse({ type: 'explode' }).success).toBe(false);
});

test('a cursor is what it was, and nothing else is one', () => {
  expect(readCursor(sayCursor({ epoch: 'k3_x', seq: 48213 }))).toEqual({ epoch: 'k3_x', seq: 48213 });
  for (const wrong of ['', 'e7', 'e7-', 'e-7', 'e7-x', '7-7', 'e7-7 ']) expect(readCursor(wrong)).toBeUndefined();
});
