// The discovery inbox over real HTTP and Postgres: who shows up, where they probably stand, accepted once, rejected for good.
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import type { NetworkId } from '@rackwright/domain/ids.ts';
import { postgresUnknownServers } from '@rackwright/store/boot/dhcp-leases.ts';
import { beforeAll, expect, test } from 'vitest';
import { furnish, type Json, newBmc, useApi } from './api-server.ts';

const api = useApi();
const { call } = api;
let place: { siteId: string; rackId: string; networkId: string };
let elsewhere: string;

beforeAll(async () => {
  place = await furnish(call, 'DSC');
  const wired = { topOfRackSwitches: { 'dsc-tor': {} }, switchPorts: { e1: 5, e2: 6 }, room: 'hall-1', row: 'B' };
  const rack = await call('PATCH', `/v1/racks/${place.rackId}`, wired, { 'if-match': '*' });
  expect(rack.body).toMatchObject({ room: 'hall-1', row: 'B', switchPorts: { e1: 5, e2: 6 } });
  elsewhere = (await call('POST', '/v1/networks', { siteId: place.siteId, name: 'lab', cidr: '10.88.0.0/24' })).body.id;
});

const mac = (n: number) => `52:54:00:0d:00:${n.toString(16).padStart(2, '0')}`;
const inspection = (n: number, port: string, more: { serial?: string } = {}): Inspection => ({
  agentVersion: '1',
  firmwareMode: 'bios',
  system: { manufacturer: 'M', product: 'P', serial: more.serial ?? `DS-${n}`, uuid: '', assetTag: '', biosVersion: '' },
  cpu: { model: 'C', sockets: 1, cores: 8, threads: 16, architecture: 'x86_64' },
  memoryBytes: 64e9,
  memoryModules: [],
  disks: [],
  nics: [0, 1].map((at) => ({
    name: `eth${at}`,
    mac: mac(n + at),
    speedMbps: 10_000,
    linkUp: true,
    driver: 'd',
    ...(at === 0 ? { lldp: { chassisId: 'aa', portId: port, systemName: 'DSC-TOR.example' } } : {}),
  })),
});
const seen = async (n: number, networkId = place.networkId) =>
  postgresUnknownServers(api.database).saw([
    { mac: mac(n), networkId: networkId as NetworkId, architecture: 'uefi_x64', vendorClass: 'firmware' },
  ]);
const counted = (n: number, found: Inspection) => postgresUnknownServers(api.database).inspected(mac(n), found);
const inbox = async (query = ''): Promise<string[]> =>
  (await call('GET', `/v1/discoveries${query}`)).body.items.map((item: Json) => item.mac);
const kinds = async (n: number) =>
  (await api.sql<{ kind: string }>('select kind from events where subject_id = $1 order by seq', [mac(n)])).map(
    ({ kind }) => kind,
  );

test('shows once with both of its NICs, proposes its place, becomes a server', async () => {
  await seen(1);
  await seen(2);
  expect(await inbox()).toHaveLength(2);
  await counted(1, inspection(1, 'e1'));
  expect(await inbox()).toEqual([mac(1)]);
  const { body: found } = await call('GET', `/v1/discoveries/${mac(1).toUpperCase().replaceAll(':', '-')}`);
  expect(found).toMatchObject({
    networkName: 'prov',
    siteId: place.siteId,
    proposal: { rackId: place.rackId, rackName: 'DSC-R1', uPosition: 5, heard: { nic: 'eth0', port: 'e1' }, occupant: null },
    rejected: null,
  });

  const body = { name: 'D1', bmc: newBmc(), labels: { pool: 'x' } };
  const made = await call('POST', `/v1/discoveries/${mac(1)}/accept`, body, { 'idempotency-key': 'dsc-1' });
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({
    state: 'registered',
    serial: 'DS-1',
    uPosition: 5,
    firmwareMode: 'bios',
    networkId: place.networkId,
    nics: { [mac(1)]: { name: 'eth0', boot: true }, [mac(2)]: { name: 'eth1', boot: false } },
    bmc: { hasCredentials: true },
    labels: { pool: 'x' },
  });
  const again = await call('POST', `/v1/discoveries/${mac(1)}/accept`, body, { 'idempotency-key': 'dsc-1' });
  expect(again.body).toEqual(made.body);
  expect((await call('POST', `/v1/discoveries/${mac(1)}/accept`, body)).status).toBe(404);
  expect(await inbox()).toEqual([]);
  expect(await kinds(1)).toEqual(['unknown_mac.seen', 'unknown_mac.inspected', 'unknown_mac.accepted']);
  expect(api.log()).not.toContain('calvin');
});

test('a place that is taken is said, and not taken twice', async () => {
  await seen(3);
  await counted(3, inspection(3, 'e1'));
  expect((await call('GET', `/v1/discoveries/${mac(3)}`)).body.proposal).toMatchObject({ uPosition: 5, occupant: 'D1' });
  const path = `/v1/discoveries/${mac(3)}/accept`;
  expect((await call('POST', path, { name: 'D3' })).body).toMatchObject({
    code: 'rack_position_occupied',
    params: { occupant: 'D1' },
  });
  expect((await call('POST', path, { name: 'D3', uPosition: 5 })).body.code).toBe('rack_position_occupied');
  expect((await call('POST', path, { name: 'D1', uPosition: 9 })).body.code).toBe('name_taken');
  expect((await call('POST', path, { name: 'D3', serial: 'other', uPosition: 9 })).body.code).toBe('serial_mismatch');
  expect(await inbox()).toContain(mac(3));
  expect((await call('POST', path, { name: 'D3', uPosition: 9 })).body).toMatchObject({ uPosition: 9, rackName: 'DSC-R1' });
});

test('a rejected one stays away until it is seen elsewhere', async () => {
  await seen(10);
  await counted(10, inspection(10, 'e2'));
  const rejected = await call('POST', `/v1/discoveries/${mac(10)}/reject`, { reason: 'a printer' });
  expect(rejected.body.rejected).toMatchObject({ by: 'local', reason: 'a printer' });
  await seen(10);
  await counted(10, inspection(10, 'e2'));
  expect(await inbox()).not.toContain(mac(10));
  expect(await inbox('?rejected=true')).toEqual([mac(10)]);
  await counted(10, inspection(10, 'e7'));
  expect(await inbox()).toContain(mac(10));

  await call('POST', `/v1/discoveries/${mac(10)}/reject`, {});
  await seen(10, elsewhere);
  expect(await inbox()).toContain(mac(10));
  expect((await kinds(10)).filter((kind) => kind !== 'unknown_mac.inspected')).toEqual([
    'unknown_mac.seen',
    'unknown_mac.rejected',
    'unknown_mac.seen',
    'unknown_mac.rejected',
    'unknown_mac.seen',
  ]);
});

test('one that was not inspected needs its serial from the label; a known serial names its server', async () => {
  await seen(20);
  const path = `/v1/discoveries/${mac(20)}/accept`;
  expect((await call('POST', path, { name: 'D20' })).body.errors).toMatchObject([{ pointer: '/serial', code: 'missing' }]);
  await seen(22);
  await counted(22, inspection(22, 'e9', { serial: 'DS-1' }));
  expect((await call('GET', `/v1/discoveries/${mac(22)}`)).body.knownServer).toMatchObject({ name: 'D1' });
  expect((await call('POST', `/v1/discoveries/${mac(22)}/accept`, { name: 'D22' })).body.code).toBe('serial_already_known');
  expect((await call('POST', path, { name: 'D20', serial: 'DS-20' })).body).toMatchObject({
    serial: 'DS-20',
    rackId: null,
    nics: { [mac(20)]: { boot: true } },
  });
});

test('pages, newest first', async () => {
  const all = await inbox();
  const pages: string[] = [];
  let token = '';
  do {
    const { body } = await call('GET', `/v1/discoveries?limit=1${token}`);
    pages.push(...body.items.map((item: Json) => item.mac));
    token = body.nextPageToken === undefined ? '' : `&pageToken=${encodeURIComponent(body.nextPageToken)}`;
  } while (token !== '');
  expect(pages).toEqual(all);
});

test('racks and servers are found by room and row', async () => {
  const names = async (path: string) => (await call('GET', path)).body.items.map((item: Json) => item.name);
  expect(await names('/v1/racks?room=hall-1&row=B')).toEqual(['DSC-R1']);
  expect(await names('/v1/racks?room=hall-2')).toEqual([]);
  expect(await names(`/v1/servers?filter=${encodeURIComponent('room=hall-1 AND row=B')}`)).toEqual(['D1', 'D3']);
});

test('a server moves to another rack by PATCH, not on top of another', async () => {
  const other = await call('POST', '/v1/racks', { siteId: place.siteId, name: 'DSC-R2', row: 'C' });
  const move = (name: string, patch: object) => call('PATCH', `/v1/servers/name:${name}`, patch, { 'if-match': '*' });
  expect((await move('D1', { rackId: other.body.id, uPosition: 1 })).body).toMatchObject({ rackName: 'DSC-R2', uPosition: 1 });
  expect((await move('D3', { rackId: other.body.id, uPosition: 1 })).body).toMatchObject({
    code: 'rack_position_occupied',
    params: { occupant: 'D1' },
  });
  // Behind it, and beside the units: half-depth and 0U.
  expect((await move('D3', { rackId: other.body.id, uPosition: 1, face: 'rear' })).status).toBe(200);
  expect((await move('D20', { rackId: other.body.id, uPosition: null })).body).toMatchObject({
    rackName: 'DSC-R2',
    uPosition: null,
  });
});

test('half a unit under an enclosure is taken as well', async () => {
  const chassis = { rackId: place.rackId, name: 'DSC-CH', uPosition: 6.5, uHeight: 2, slots: 2 };
  const { body: enclosure } = await call('POST', '/v1/enclosures', chassis);
  await seen(90);
  await counted(90, inspection(90, 'e2'));
  expect((await call('GET', `/v1/discoveries/${mac(90)}`)).body.proposal).toMatchObject({
    uPosition: 6,
    occupant: 'enclosure DSC-CH',
  });
  await call('POST', `/v1/discoveries/${mac(90)}/reject`, { reason: 'seen enough' });
  expect((await call('DELETE', `/v1/enclosures/${enclosure.id}`, undefined, { 'if-match': '*' })).status).toBe(204);
});
