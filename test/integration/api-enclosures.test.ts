// Enclosures and their blades over real HTTP and Postgres.
import { beforeAll, expect, test } from 'vitest';
import { furnish, useApi } from './api-server.ts';

const { call } = useApi();
let place: { siteId: string; rackId: string };
let numbered = 0;
const fresh = () => {
  const n = ++numbered;
  return { name: `S${n}`, serial: `SN-${n}`, siteId: place.siteId };
};

beforeAll(async () => {
  place = await furnish(call, 'TPE1');
});

test('enclosures hold blades, keep servers off their units, move with all, and are deleted when empty', async () => {
  const body = { rackId: place.rackId, name: 'CH-1', serial: 'CH-SN-1', uPosition: 35.5, uHeight: 4.5, slots: 4 };
  const made = await call('POST', '/v1/enclosures', body);
  expect(made).toMatchObject({
    status: 201,
    body: { kind: 'enclosure', ...body, rackName: 'TPE1-R1', face: 'front', blades: [] },
  });
  expect((await call('POST', '/v1/servers', { ...fresh(), rackId: place.rackId, uPosition: 35, uHeight: 1 })).body).toMatchObject(
    {
      code: 'rack_position_occupied',
      params: { rack: 'TPE1-R1', occupant: 'enclosure CH-1' },
      errors: [{ pointer: '/uPosition' }],
    },
  );
  const half = await call('POST', '/v1/servers', { ...fresh(), rackId: place.rackId, uPosition: 35, uHeight: 0.5 });
  expect(half).toMatchObject({ status: 201, body: { uPosition: 35, uHeight: 0.5, enclosureId: null, slot: null } });
  const blade = await call('POST', '/v1/servers', { ...fresh(), enclosureId: made.body.id, slot: 2 });
  expect(blade).toMatchObject({
    status: 201,
    body: { rackName: 'TPE1-R1', powerFeeds: ['A', 'B'], uPosition: null, enclosureName: 'CH-1', slot: 2 },
  });
  for (const [status, code, change] of [
    [409, 'slot_occupied', { enclosureId: made.body.id, slot: 2 }],
    [400, 'slot_outside', { enclosureId: made.body.id, slot: 5 }],
    [409, 'server_in_enclosure', { enclosureId: made.body.id, slot: 1, uPosition: 3, rackId: place.rackId }],
    [400, 'invalid_request', { enclosureId: made.body.id }],
    [400, 'invalid_request', { slot: 3 }],
    [400, 'invalid_request', { uPosition: 28.25, rackId: place.rackId }],
  ] as const)
    expect(await call('POST', '/v1/servers', { ...fresh(), ...change })).toMatchObject({ status, body: { code } });

  const { body: rack } = await call('POST', '/v1/racks', { siteId: place.siteId, name: 'TPE1-R9' });
  const ref = '/v1/enclosures/name:CH-1';
  const moved = await call('PATCH', ref, { rackId: rack.id, uPosition: 1 }, { 'if-match': made.headers.get('etag') ?? '' });
  expect(moved).toMatchObject({ status: 200, body: { rackName: 'TPE1-R9', blades: [{ slot: 2, serverId: blade.body.id }] } });
  const url = `/v1/servers/${blade.body.id}`;
  const seen = await call('GET', url);
  expect(seen.body).toMatchObject({ rackName: 'TPE1-R9', powerFeeds: [], slot: 2 });
  const now = moved.headers.get('etag') ?? '';
  expect((await call('DELETE', ref, undefined, { 'if-match': now })).body).toMatchObject({ code: 'still_in_use' });
  const out = await call('PATCH', url, { enclosureId: null, uPosition: 20 }, { 'if-match': seen.headers.get('etag') ?? '' });
  expect(out).toMatchObject({ status: 200, body: { rackName: 'TPE1-R9', uPosition: 20, enclosureId: null, slot: null } });
  expect((await call('GET', `/v1/enclosures?rackId=${rack.id}`)).body.items).toMatchObject([{ name: 'CH-1', blades: [] }]);
  expect((await call('DELETE', ref, undefined, { 'if-match': now })).status).toBe(204);
  expect((await call('GET', ref)).status).toBe(404);
});
