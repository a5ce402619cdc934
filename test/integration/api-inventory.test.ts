// The inventory over real HTTP: what is put on file, found, changed, and refused with nothing half done.
import { beforeAll, describe, expect, test } from 'vitest';
import { furnish, type Json, newBmc, useApi } from './api-server.ts';

const api = useApi();
const { call } = api;
let place: { siteId: string; rackId: string; networkId: string };

beforeAll(async () => {
  place = await furnish(call, 'TPE1');
});

const byText = (a: string, b: string) => (a < b ? -1 : 1);
let numbered = 0;
const fresh = () => {
  const n = ++numbered;
  const mac = `52:54:00:00:01:${n.toString(16).padStart(2, '0')}`;
  return { name: `S${n}`, serial: `SN-${n}`, siteId: place.siteId, nics: { [mac]: { name: 'eth0', boot: true } } };
};
const counts = () =>
  api.sql(
    `select (select count(*) from servers) s, (select count(*) from nics) n, (select count(*) from server_bmcs) b, (select count(*) from events) e`,
  );

describe('a server', () => {
  test('is what was said, under every name it has, and its credentials never come out', async () => {
    const body = {
      ...fresh(),
      assetTag: 'A-20931',
      rackId: place.rackId,
      uPosition: 17,
      uHeight: 2,
      networkId: place.networkId,
      address: '10.77.0.17',
      bmc: newBmc(),
      labels: { pool: 'gpu' },
    };
    const made = await call('POST', '/v1/servers', body);
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe(`/v1/servers/${made.body.id}`);
    expect(made.headers.get('etag')).toBe('"1"');
    expect(made.body).toMatchObject({
      kind: 'server',
      state: 'registered',
      stateCategory: 'attention',
      serial: body.serial,
      assetTag: 'A-20931',
      siteName: 'TPE1',
      rackName: 'TPE1-R1',
      powerFeeds: ['A', 'B'],
      uPosition: 17,
      uHeight: 2,
      address: '10.77.0.17',
      nics: body.nics,
      labels: { pool: 'gpu' },
      bmc: { protocol: 'redfish', address: body.bmc.address, hasCredentials: true },
      hardware: null,
      currentOperationId: null,
      allowedOperations: [
        { type: 'onboard', blockedBy: [] },
        { type: 'retire', blockedBy: [] },
      ],
    });
    for (const ref of [made.body.id, `name:${body.name}`, `serial:${body.serial}`]) {
      expect((await call('GET', `/v1/servers/${ref}`)).body).toEqual(made.body);
    }
    expect(JSON.stringify(made.body) + api.log()).not.toContain('calvin');
    const [row] = await api.sql<{ text: string }>(
      'select row_to_json(server_bmcs)::text as text from server_bmcs where server_id = $1',
      [made.body.id],
    );
    expect(row?.text).not.toContain('calvin');
    expect(row?.text).not.toContain(Buffer.from('calvin').toString('hex'));
  });

  const twinOf = async (change: object) => {
    const first = { ...fresh(), assetTag: `A-${numbered}` };
    expect((await call('POST', '/v1/servers', first)).status).toBe(201);
    const before = await counts();
    const answer = await call('POST', '/v1/servers', {
      ...fresh(),
      bmc: newBmc(),
      ...(typeof change === 'function' ? change(first) : change),
    });
    expect(await counts()).toEqual(before);
    return { first, answer };
  };

  test.each([
    ['serial', 'serial_already_known', '/serial', (first: Json) => ({ serial: first.serial })],
    ['tag', 'asset_tag_already_known', '/assetTag', (first: Json) => ({ assetTag: first.assetTag })],
    ['name', 'name_taken', '/name', (first: Json) => ({ name: first.name })],
    [
      'MAC',
      'mac_already_known',
      '/nics',
      (first: Json) => ({ nics: { [Object.keys(first.nics)[0]?.toUpperCase().replaceAll(':', '-') ?? '']: {} } }),
    ],
  ])('with a %s that is on file already is refused by name, and nothing of it stays', async (_what, code, pointer, change) => {
    const { first, answer } = await twinOf(change);
    expect(answer).toMatchObject({ status: 409, body: { code, errors: [{ pointer }], retryable: false } });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.body.detail).toContain(first.name);
    expect(answer.body.type).toBe(`/problems/${code.replaceAll('_', '-')}`);
  });

  test('may not overlap another in the rack, on the same face', async () => {
    const at = (uPosition: number, uHeight: number, face = 'front') => ({
      ...fresh(),
      rackId: place.rackId,
      uPosition,
      uHeight,
      face,
    });
    const occupant = at(30, 2);
    expect((await call('POST', '/v1/servers', occupant)).status).toBe(201);
    const before = await counts();
    for (const wrong of [at(31, 1), at(29, 2), at(28, 8)]) {
      const answer = await call('POST', '/v1/servers', wrong);
      expect(answer).toMatchObject({
        status: 409,
        body: { code: 'rack_position_occupied', errors: [{ pointer: '/uPosition' }] },
      });
      expect(answer.body.detail).toContain(occupant.name);
    }
    expect(await counts()).toEqual(before);
    expect((await call('POST', '/v1/servers', at(32, 1))).status).toBe(201);
  });

  test.each([
    ['a field that does not exist', { serail: 'x' }, 400, 'unknown_field', '/serail'],
    ['a BMC field that does not exist', { bmc: { ...newBmc(), adress: 'x' } }, 400, 'unknown_field', '/bmc/adress'],
    [
      'a BMC address with a password in it',
      { bmc: { ...newBmc(), address: 'https://root:calvin@10.0.4.12' } },
      400,
      'invalid_request',
      '/bmc/address',
    ],
    ['a port for Redfish', { bmc: { ...newBmc(), port: 623 } }, 400, 'unknown_field', '/bmc/port'],
    [
      'no password',
      { bmc: { ...newBmc(), credentials: { username: 'root' } } },
      400,
      'invalid_request',
      '/bmc/credentials/password',
    ],
    ['no serial', { serial: undefined }, 400, 'invalid_request', '/serial'],
    ['U0', { uPosition: 0 }, 400, 'invalid_request', '/uPosition'],
    ['a position without a rack', { uPosition: 3 }, 400, 'invalid_request', '/uPosition'],
    ['half a MAC', { nics: { '52:54:00': {} } }, 400, 'invalid_request', '/nics/52:54:00'],
    [
      'two boot NICs',
      { nics: { '02:00:00:00:00:01': { boot: true }, '02:00:00:00:00:02': { boot: true } } },
      400,
      'invalid_request',
      '/nics',
    ],
    ['an address without a network', { address: '10.77.0.9' }, 400, 'invalid_request', '/address'],
  ])('with %s is refused, with a pointer to it', async (_what, wrong, status, code, pointer) => {
    const before = await counts();
    const answer = await call('POST', '/v1/servers', { ...fresh(), ...wrong });
    expect(answer).toMatchObject({ status, body: { code, errors: [{ pointer }] } });
    expect(await counts()).toEqual(before);
    expect(JSON.stringify(answer.body) + api.log()).not.toContain('calvin');
  });

  test('cannot stand above its rack, in a rack of another site, in a rack that is not there, or outside its network', async () => {
    const other = await furnish(call, 'TPE2');
    const before = await counts();
    const refused = async (wrong: object) => (await call('POST', '/v1/servers', { ...fresh(), ...wrong })).body.code;
    expect(await refused({ rackId: place.rackId, uPosition: 42, uHeight: 2 })).toBe('rack_position_outside');
    expect(await refused({ rackId: other.rackId, uPosition: 1 })).toBe('rack_in_other_site');
    expect(await refused({ rackId: 'rck_01JD9Z0000000000000000000A', uPosition: 1 })).toBe('reference_not_found');
    expect(await refused({ siteId: 'site_01JD9Z0000000000000000000A' })).toBe('reference_not_found');
    expect(await refused({ networkId: place.networkId, address: '10.78.0.1' })).toBe('address_outside_network');
    expect(await refused({ networkId: place.networkId, address: '10.77.0.255' })).toBe('address_outside_network');
    expect(await counts()).toEqual(before);
  });

  test('changes by merge patch, only by who has seen it', async () => {
    const { body: made } = await call('POST', '/v1/servers', { ...fresh(), bmc: newBmc(), labels: { pool: 'gpu', tier: 'a' } });
    const path = `/v1/servers/${made.id}`;
    expect(await call('PATCH', path, { assetTag: 'A-1' })).toMatchObject({
      status: 428,
      body: { code: 'precondition_required' },
    });
    expect(await call('PATCH', path, { assetTag: 'A-1' }, { 'if-match': '"7"' })).toMatchObject({
      status: 412,
      body: { code: 'precondition_failed', params: { current: 1 } },
    });
    const patch = { assetTag: 'A-1', labels: { pool: null, row: '7' }, nics: { '02:00:00:00:aa:01': { name: 'eth1' } } };
    const changed = await call('PATCH', path, patch, { 'if-match': '"1"' });
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).toBe('"2"');
    expect(changed.body).toMatchObject({
      assetTag: 'A-1',
      labels: { tier: 'a', row: '7' },
      nics: { ...made.nics, '02:00:00:00:aa:01': { name: 'eth1', boot: false } },
    });
    expect(changed.body.bmc.hasCredentials).toBe(true);
    // What it shows of hardware and health changes without its version: it is always sent. A rack is its row alone.
    expect((await call('GET', path, undefined, { 'if-none-match': '"2"' })).status).toBe(200);
    const rack = await call('GET', `/v1/racks/${place.rackId}`);
    const tag = { 'if-none-match': rack.headers.get('etag') ?? '' };
    expect((await call('GET', `/v1/racks/${place.rackId}`, undefined, tag)).status).toBe(304);
    expect((await call('PATCH', path, { assetTag: null }, { 'if-match': '*' })).body.assetTag).toBeNull();
    expect(await call('PATCH', path, { name: 'x' }, { 'if-match': '*', 'content-type': 'application/json' })).toMatchObject({
      status: 415,
    });
  });

  test('loses no change when several change it at once', async () => {
    const { body: made } = await call('POST', '/v1/servers', fresh());
    const path = `/v1/servers/${made.id}`;
    const patch = (n: number, seen: string) => call('PATCH', path, { labels: { [`l${n}`]: 'x' } }, { 'if-match': seen });
    const any = await Promise.all([1, 2, 3, 4].map((n) => patch(n, '*')));
    expect(any.map((answer) => answer.status)).toEqual([200, 200, 200, 200]);
    expect(Object.keys((await call('GET', path)).body.labels).toSorted(byText)).toEqual(['l1', 'l2', 'l3', 'l4']);
    const seen = await Promise.all([5, 6, 7, 8].map((n) => patch(n, '"5"')));
    expect(seen.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([200, 412, 412, 412]);
    expect(Object.keys((await call('GET', path)).body.labels)).toHaveLength(5);
  });

  test('whose BMC moves needs its credentials again: stored ones go to no new address', async () => {
    const { body: made } = await call('POST', '/v1/servers', { ...fresh(), bmc: newBmc() });
    const patch = (bmc: object) => call('PATCH', `/v1/servers/${made.id}`, { bmc }, { 'if-match': '*' });
    expect(await patch({ address: 'https://10.0.5.66' })).toMatchObject({ status: 400, body: { code: 'credentials_required' } });
    expect(await patch({ tls: { mode: 'insecure' } })).toMatchObject({ status: 400, body: { code: 'credentials_required' } });
    expect(await patch({ protocol: 'ipmi' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', errors: [{ pointer: '/bmc/address' }] },
    });
    const moved = await patch({ address: 'https://10.0.5.66', credentials: { username: 'root', password: 'x' } });
    expect(moved.body.bmc).toEqual({ protocol: 'redfish', address: 'https://10.0.5.66', hasCredentials: true });
  });

  test('is deleted only while nothing was done with it', async () => {
    const { body: made } = await call('POST', '/v1/servers', fresh());
    await api.sql(`update servers set state = 'available' where id = $1`, [made.id]);
    expect(await call('DELETE', `/v1/servers/${made.id}`, undefined, { 'if-match': '*' })).toMatchObject({
      status: 409,
      body: { code: 'not_allowed_in_state' },
    });
    await api.sql(`update servers set state = 'registered' where id = $1`, [made.id]);
    expect((await call('DELETE', `/v1/servers/${made.id}`)).status).toBe(428);
    expect((await call('DELETE', `/v1/servers/${made.id}`, undefined, { 'if-match': '*' })).status).toBe(204);
    expect(await call('GET', `/v1/servers/${made.id}`)).toMatchObject({
      status: 404,
      body: { code: 'not_found', params: { kind: 'server' } },
    });
  });
});

describe('a list', () => {
  test('comes in pages whose tokens are good for it alone', async () => {
    const site = (await call('POST', '/v1/sites', { name: 'PAGES' })).body.id;
    for (let i = 0; i < 5; i++)
      await call('POST', '/v1/servers', { ...fresh(), name: `page-${i}`, siteId: site, labels: { half: i < 3 ? 'a' : 'b' } });
    const filter = encodeURIComponent('site=PAGES');
    const first = await call('GET', `/v1/servers?filter=${filter}&limit=2`);
    const second = await call('GET', `/v1/servers?filter=${filter}&limit=2&pageToken=${first.body.nextPageToken}`);
    const third = await call('GET', `/v1/servers?filter=${filter}&limit=2&pageToken=${second.body.nextPageToken}`);
    const names = [first, second, third].flatMap((page) => page.body.items.map((item: Json) => item.name));
    expect(names).toEqual(['page-0', 'page-1', 'page-2', 'page-3', 'page-4']);
    expect(third.body).not.toHaveProperty('nextPageToken');
    expect(first.body.eventCursor).toMatch(/^e.+-\d+$/);

    const token = first.body.nextPageToken;
    const other = await call('GET', `/v1/servers?filter=${encodeURIComponent('site=OTHER')}&pageToken=${token}`);
    expect(other).toMatchObject({ status: 400, body: { code: 'invalid_page_token' } });
    const forged = `${token.slice(0, -3)}${token.endsWith('AAA') ? 'BBB' : 'AAA'}`;
    expect(await call('GET', `/v1/servers?filter=${filter}&pageToken=${forged}`)).toMatchObject({
      status: 400,
      body: { code: 'invalid_page_token' },
    });
    const half = await call('GET', `/v1/servers?filter=${encodeURIComponent('site=PAGES AND NOT label.half=a')}`);
    expect(half.body.items.map((item: Json) => item.name)).toEqual(['page-3', 'page-4']);
  });

  test('filters and searches, and says where a filter is wrong', async () => {
    const mine = { ...fresh(), name: 'needle-1', assetTag: 'N-77' };
    await call('POST', '/v1/servers', mine);
    const found = async (query: string) => (await call('GET', `/v1/servers?${query}`)).body.items.map((item: Json) => item.name);
    const filter = (text: string) => found(`filter=${encodeURIComponent(text)}`);
    expect(await filter('name~"needle-*"')).toEqual(['needle-1']);
    expect(await filter(`serial in (${mine.serial}, nope) AND state=registered`)).toEqual(['needle-1']);
    expect(await filter('assetTag=N-77')).toEqual(['needle-1']);
    expect(await filter(`name="needle-1' or true --"`)).toEqual([]);
    const mac = Object.keys(mine.nics)[0]?.toUpperCase().replaceAll(':', '-') ?? '';
    for (const q of ['eedle', mine.serial, 'n-７７', mac])
      expect(await found(`q=${encodeURIComponent(q)}`), q).toContain('needle-1');
    expect(await found('q=%25')).toEqual([]);
    const wrong = await call('GET', `/v1/servers?filter=${encodeURIComponent('stat=failed')}`);
    expect(wrong).toMatchObject({
      status: 400,
      body: { code: 'invalid_filter', errors: [{ pointer: '/query/filter', at: 0, length: 4, suggestion: 'state' }] },
    });
    expect(await call('GET', '/v1/servers?limt=5')).toMatchObject({
      status: 400,
      body: { code: 'unknown_field', errors: [{ pointer: '/query/limt' }] },
    });
  });
});

describe('racks, networks, clusters, sites', () => {
  test('a rack keeps its feeds by name, and what stands in it', async () => {
    const { rackId } = await furnish(call, 'RACKS');
    const patched = await call(
      'PATCH',
      `/v1/racks/${rackId}`,
      { powerFeeds: { A: null, C: { amps: 32 } } },
      { 'if-match': '"1"' },
    );
    expect(patched.body.powerFeeds).toMatchObject({ B: { amps: 16 }, C: { amps: 32, volts: 230 } });
    expect(Object.keys(patched.body.powerFeeds)).toEqual(['B', 'C']);
    expect((await call('GET', '/v1/racks/name:RACKS-R1')).body.id).toBe(rackId);
    const [row] = await api.sql<{ id: string }>('select site_id as id from racks where id = $1', [rackId]);
    await call('POST', '/v1/servers', { ...fresh(), siteId: row?.id, rackId, uPosition: 40 });
    expect(await call('DELETE', `/v1/racks/${rackId}`, undefined, { 'if-match': '*' })).toMatchObject({
      status: 409,
      body: { code: 'still_in_use' },
    });
    expect(await call('PATCH', `/v1/racks/${rackId}`, { heightU: 20 }, { 'if-match': '*' })).toMatchObject({
      status: 409,
      body: { code: 'still_in_use' },
    });
    expect(await call('DELETE', '/v1/sites/name:RACKS', undefined, { 'if-match': '*' })).toMatchObject({
      status: 409,
      body: { code: 'still_in_use' },
    });
  });

  test('a network whose parts do not fit is refused, new or changed', async () => {
    const siteId = place.siteId;
    const refused = await call('POST', '/v1/networks', { siteId, name: 'n1', cidr: '10.9.0.0/24', gateway: '10.8.0.1' });
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request', errors: [{ pointer: '/gateway' }] } });
    const made = await call('POST', '/v1/networks', {
      siteId,
      name: 'n1',
      cidr: '10.9.0.0/24',
      dhcp: 'pool',
      pool: { first: '10.9.0.100', last: '10.9.0.199' },
    });
    expect(made.body).toMatchObject({ cidr: '10.9.0.0/24', dhcp: 'pool', pool: { first: '10.9.0.100', last: '10.9.0.199' } });
    const path = `/v1/networks/${made.body.id}`;
    expect(await call('PATCH', path, { pool: null }, { 'if-match': '*' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/pool' }] },
    });
    expect((await call('PATCH', path, { pool: null, dhcp: 'proxy' }, { 'if-match': '*' })).body).toMatchObject({
      pool: null,
      dhcp: 'proxy',
    });
    expect(await call('POST', '/v1/servers', { ...fresh(), networkId: made.body.id, address: '10.9.0.9' })).toMatchObject({
      status: 201,
    });
    expect(await call('POST', '/v1/servers', { ...fresh(), networkId: made.body.id, address: '10.9.0.9' })).toMatchObject({
      status: 409,
      body: { code: 'address_already_taken' },
    });
  });

  test('a cluster takes credentials and gives none', async () => {
    const ca = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
    const body = {
      name: 'prod-a',
      apiEndpoint: 'https://10.0.0.10:6443',
      ca,
      kubernetesVersion: '1.34.2',
      credentials: 'kind: Config # hush-hush',
    };
    const made = await call('POST', '/v1/clusters', body);
    expect(made).toMatchObject({ status: 201, body: { name: 'prod-a', hasCredentials: true } });
    expect(JSON.stringify(made.body) + api.log()).not.toContain('hush');
    const path = `/v1/clusters/${made.body.id}`;
    expect(await call('PATCH', path, { apiEndpoint: 'https://10.6.6.6:6443' }, { 'if-match': '*' })).toMatchObject({
      status: 400,
      body: { code: 'credentials_required' },
    });
    expect((await call('PATCH', path, { kubernetesVersion: '1.34.3' }, { 'if-match': '"1"' })).body.kubernetesVersion).toBe(
      '1.34.3',
    );
    expect(await call('POST', '/v1/clusters', body)).toMatchObject({ status: 409, body: { code: 'name_taken' } });
    expect((await call('DELETE', path, undefined, { 'if-match': '"2"' })).status).toBe(204);
  });
});
