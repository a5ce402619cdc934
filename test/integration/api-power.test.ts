// Power over real HTTP and Postgres: what feeds carry, who holds servers, who waits for amperes, and a site that comes back.
import type { OperationId, RackId, ServerId, SiteId } from '@rackwright/domain/ids.ts';
import { POWERED_ON_STEP } from '@rackwright/domain/power/cold-start-progress.ts';
import { postgresRunStore } from '@rackwright/store/operations/run-store.ts';
import { advanceColdStarts } from '@rackwright/store/power/advance-cold-starts.ts';
import { askForPower, notePower } from '@rackwright/store/power/power-grants.ts';
import { expect, test } from 'vitest';
import { type Json, useApi } from './api-server.ts';

const api = useApi();
const { call } = api;
let made = 0;

type Place = { siteId: SiteId; rackId: RackId };

async function place(feeds: Json = { a: { amps: 16 }, b: { amps: 16 } }): Promise<Place> {
  const n = ++made;
  const site = await call('POST', '/v1/sites', { name: `site-${n}` });
  const body = { siteId: site.body.id, name: `R${n}`, powerFeeds: feeds, topOfRackSwitches: { tor: {} } };
  const rack = await call('POST', '/v1/racks', body);
  expect(rack.status).toBe(201);
  return { siteId: site.body.id, rackId: rack.body.id };
}

async function server(where: Place, change: Json = {}): Promise<ServerId> {
  const n = ++made;
  const bmc = { protocol: 'redfish', address: `https://bmc-${n}.example`, credentials: { username: 'u', password: 'secret-9' } };
  const { body, status } = await call('POST', '/v1/servers', { name: `s${n}`, serial: `SN-${n}`, ...where, bmc, ...change });
  expect(status).toBe(201);
  return body.id;
}

const put = (id: ServerId, state: string) => api.sql('update servers set state = $2::server_state where id = $1', [id, state]);

async function serving(where: Place, change: Json = {}): Promise<ServerId> {
  const id = await server(where, change);
  await put(id, 'in_service');
  return id;
}

test('feeds say what they carry, and a patch changes what it names', async () => {
  const { rackId } = await place({ a: { amps: 16 }, b: { amps: 32, volts: 400, maxUtilisation: 60 } });
  const { body } = await call('GET', `/v1/racks/${rackId}`);
  expect(body).toMatchObject({
    powerFeeds: { a: { amps: 16, volts: 230, maxUtilisation: null }, b: { amps: 32, volts: 400, maxUtilisation: 60 } },
    powerMaxUtilisation: 80,
    powerRedundancy: 'redundant',
    powerBudgetAmps: null,
    powerOnsAtOnce: null,
  });
  const patch = { powerFeeds: { b: { amps: 20 }, a: null }, powerRedundancy: 'shared', powerOnsAtOnce: 4 };
  const changed = await call('PATCH', `/v1/racks/${rackId}`, patch, { 'if-match': '*' });
  expect(changed.body).toMatchObject({
    powerFeeds: { b: { amps: 20, volts: 400, maxUtilisation: 60 } },
    powerRedundancy: 'shared',
    powerOnsAtOnce: 4,
  });
  for (const wrong of [{ powerMaxUtilisation: 0 }, { powerFeeds: { c: { amps: 0 } } }, { powerOnsAtOnce: 0 }]) {
    expect((await call('PATCH', `/v1/racks/${rackId}`, wrong, { 'if-match': '*' })).body.code, JSON.stringify(wrong)).toBe(
      'invalid_request',
    );
  }
});

test('a hardware model says what one draws, in watts or by its name plate', async () => {
  const power = { steady: { watts: 400 }, inrush: { amps: 6, volts: 230 }, inrushSeconds: 8 };
  const { body, status } = await call('POST', '/v1/hardware-models', { name: 'm1', product: 'P1', power });
  expect(status).toBe(201);
  expect(body.power).toEqual(power);
  const cleared = await call('PATCH', `/v1/hardware-models/${body.id}`, { power: null }, { 'if-match': '*' });
  expect(cleared.body.power).toBeNull();
  const wrong = { name: 'm2', product: 'P2', power: { steady: { amps: 6 }, inrush: { watts: 1 } } };
  expect((await call('POST', '/v1/hardware-models', wrong)).body.code).toBe('invalid_request');
});

async function errand(id: ServerId): Promise<OperationId> {
  const [row] = await api.sql<{ id: OperationId }>(`select id from operations where server_id = $1 and state = 'running'`, [id]);
  if (!row) throw new Error('no operation');
  return row.id;
}

const ended = async (id: ServerId, how: 'up' | 'failed') => {
  const runs = postgresRunStore(api.database);
  const run = await runs.claim(await errand(id), 'w', 60_000);
  if (typeof run === 'string') throw new Error(run);
  const error = { kind: 'fault', code: 'bmc_unreachable', message: '', retry: 'never', facts: {} } as const;
  await (how === 'up' ? runs.finish(run) : runs.fail(run, error, 'fail'));
  await advanceColdStarts(api.database);
};
const poweredOn = async (id: ServerId) => {
  await api.sql(
    `insert into operation_steps (operation_id, name, position, state, attempt, started_at, deadline_at)
     values ($1, $2, 0, 'done', 1, now(), now())`,
    [await errand(id), POWERED_ON_STEP],
  );
  await advanceColdStarts(api.database);
};
const progress = async (id: string) => {
  const { body } = await call('GET', `/v1/cold-starts/${id}`);
  return { ...body, states: body.servers.map((one: Json) => one.state) };
};
test('leases and grants show who holds what, and who waits for how many amperes since when', async () => {
  const where = await place({ a: { amps: 6 } });
  const [one, two] = [await serving(where), await serving(where)];
  await notePower(api.database, one, 'off');
  await notePower(api.database, two, 'off');
  await call('POST', `/v1/sites/${where.siteId}/cold-starts`, { reason: 'the lights went out' });
  await advanceColdStarts(api.database);
  const operationId = await errand(one);
  expect(await askForPower(api.database, { serverId: one, operationId })).toMatchObject({ granted: true });
  await poweredOn(one);
  expect(await askForPower(api.database, { serverId: two, operationId: await errand(two) })).toMatchObject({ granted: false });

  const owner = { operationId, type: 'power_on', requestedBy: 'local' };
  const leases = await call('GET', `/v1/leases?rackId=${where.rackId}`);
  expect(leases.body.items).toMatchObject([
    { kind: 'lease', server: { id: one }, rack: { id: where.rackId }, owner, reason: 'the lights went out', waitingFor: null },
    { server: { id: two } },
  ]);
  expect((await call('GET', `/v1/leases?serverId=${two}`)).body.items).toHaveLength(1);
  expect((await call('GET', '/v1/leases?waitingFor=power_budget')).body.items).toEqual([]);
  expect((await call('GET', '/v1/leases?waitingFor=NO')).body.code).toBe('invalid_request');

  const { body } = await call('GET', `/v1/racks/${where.rackId}/power`);
  expect(body).toMatchObject({
    kind: 'rack_power',
    circuits: [{ type: 'feed', name: 'a', budgetAmps: 4.8, steadyAmps: 0, startingAmps: 2.61, freeAmps: 2.19 }],
    servers: { on: 1, off: 1, neverSeen: 0, drawAssumed: 2 },
    grants: [{ server: { id: one }, operationId, amps: [{ circuit: 'a', amps: 2.61 }] }],
    waiting: [{ server: { id: two }, why: 'inrush', circuit: 'a', askedAmps: 2.61, freeAmps: 2.19 }],
  });
  expect(body.grants[0].usedAt).not.toBeNull();
  expect(body.waiting[0].nextFreeAt).toBe(body.grants[0].expiresAt);
});

test('a lease and a grant show when they expire, and are not shown after that', async () => {
  const where = await place({ a: { amps: 6 } });
  const [one, two] = [await serving(where), await serving(where)];
  for (const id of [one, two]) await notePower(api.database, id, 'off');
  await call('POST', `/v1/sites/${where.siteId}/cold-starts`, {});
  await advanceColdStarts(api.database);
  expect(await askForPower(api.database, { serverId: one, operationId: await errand(one) })).toMatchObject({ granted: true });
  await poweredOn(one);
  expect(await askForPower(api.database, { serverId: two, operationId: await errand(two) })).toMatchObject({ granted: false });
  const expire = (table: 'server_leases' | 'server_power', at: string) =>
    api.sql(`update ${table} set expires_at = $2 where server_id = $1`, [one, at]);
  const leases = async (): Promise<Json[]> => (await call('GET', `/v1/leases?rackId=${where.rackId}`)).body.items;
  const power = async (): Promise<Json> => (await call('GET', `/v1/racks/${where.rackId}/power`)).body;

  await expire('server_leases', '2099-03-04 05:06:07.089+00');
  await expire('server_power', '2098-02-03 04:05:06.078+00');
  expect((await leases()).find((lease) => lease.server.id === one).expiresAt).toBe('2099-03-04T05:06:07.089Z');
  expect(await power()).toMatchObject({
    grants: [{ server: { id: one }, expiresAt: '2098-02-03T04:05:06.078Z' }],
    waiting: [{ server: { id: two }, nextFreeAt: '2098-02-03T04:05:06.078Z' }],
  });

  await expire('server_leases', '2001-03-04 05:06:07+00');
  await expire('server_power', '2001-03-04 05:06:07+00');
  expect((await leases()).map((lease) => lease.server.id)).toEqual([two]);
  expect((await power()).grants).toEqual([]);
});

const role = (value: string) => ({ labels: { 'rackwright.dev/role': value } });

test('a cold start: planned, wave after wave, paused by what others need, resumed by a person, each server with its result', async () => {
  // One that starts beside three that run.
  const where = await place({ a: { amps: 9 } });
  const plane = await serving(where, { ...role('control-plane'), uPosition: 4 });
  const store = await serving(where, { ...role('storage'), uPosition: 3 });
  const workers = [await serving(where, { uPosition: 1 }), await serving(where, { uPosition: 2 })];
  const gone = await server(where);
  const plan = await call('GET', `/v1/sites/${where.siteId}/cold-start-plan`);
  expect(plan.body).toMatchObject({
    switches: [{ name: 'tor' }],
    leftOut: [{ serverId: gone, why: 'not_in_service' }],
  });
  expect(plan.body.waves.map(({ servers }: Json) => servers.map((one: Json) => one.serverId))).toEqual([
    [plane],
    [store],
    [workers[0]],
    [workers[1]],
  ]);

  const begun = await call('POST', `/v1/sites/${where.siteId}/cold-starts`, {});
  const again = await call('POST', `/v1/sites/${where.siteId}/cold-starts`, {});
  expect(again.body).toMatchObject({ code: 'cold_start_in_progress', params: { coldStartId: begun.body.id } });
  const { id } = begun.body;
  // However many workers look at once, and however often one of them dies after looking.
  await Promise.all([1, 2, 3].map(() => advanceColdStarts(api.database)));
  expect(await progress(id)).toMatchObject({ wave: 1, states: ['starting', 'pending', 'pending', 'pending'] });
  expect((await call('GET', `/v1/servers/${plane}`)).body).toMatchObject({
    state: 'in_service',
    allowedOperations: [{ type: 'cancel' }],
  });
  await poweredOn(plane);
  expect((await progress(id)).states).toEqual(['on', 'pending', 'pending', 'pending']);
  await ended(plane, 'up');
  expect((await progress(id)).states).toEqual(['up', 'starting', 'pending', 'pending']);
  await ended(store, 'failed');
  const paused = await progress(id);
  expect(paused).toMatchObject({
    state: 'paused',
    states: ['up', 'failed', 'pending', 'pending'],
    paused: { because: expect.stringContaining('storage') },
  });
  expect(paused.servers[1].code).toBe('bmc_unreachable');
  expect((await call('GET', `/v1/servers/${store}`)).body.state).toBe('in_service');

  await api.sql(`update servers set state = 'quarantined' where id = $1`, [workers[1]]);
  expect((await call('POST', `/v1/cold-starts/${id}/resume`, {})).body.state).toBe('running');
  await advanceColdStarts(api.database);
  expect((await progress(id)).states).toEqual(['up', 'failed', 'starting', 'pending']);
  await poweredOn(workers[0] ?? plane);
  expect((await progress(id)).states).toEqual(['up', 'failed', 'on', 'skipped']);
  await ended(workers[0] ?? plane, 'up');
  const over = await progress(id);
  expect(over).toMatchObject({ state: 'failed', paused: null });
  expect(over.servers[3].code).toBe('not_allowed_in_state');
  expect((await call('POST', `/v1/cold-starts/${id}/pause`, {})).body).toMatchObject({
    code: 'cold_start_finished',
    params: { state: 'failed' },
  });
  const kinds = await api.sql<{ kind: string }>(`select kind from events where subject_id = $1 order by seq`, [id]);
  expect(kinds.map(({ kind }) => kind.replace('cold_start.', ''))).toEqual([
    'started',
    'wave_begun',
    'wave_begun',
    'paused',
    'resumed',
    'wave_begun',
    'wave_begun',
    'ended',
  ]);
});

test('paused by hand nothing more begins; cancelled, what was begun still gets its result', async () => {
  const where = await place({ a: { amps: 8 } });
  const [one, two] = [await serving(where, role('storage')), await serving(where)];
  const { id } = (await call('POST', `/v1/sites/${where.siteId}/cold-starts`, {})).body;
  await advanceColdStarts(api.database);
  expect((await call('POST', `/v1/cold-starts/${id}/pause`, {})).body).toMatchObject({
    state: 'paused',
    paused: { because: 'local paused it' },
  });
  await poweredOn(one);
  expect((await progress(id)).states).toEqual(['on', 'pending']);
  expect((await call('POST', `/v1/cold-starts/${id}/cancel`, {})).body.state).toBe('cancelled');
  expect((await call('POST', `/v1/cold-starts/${id}/cancel`, {})).body.state).toBe('cancelled');
  await ended(one, 'up');
  const seen = await progress(id);
  expect(seen.states).toEqual(['up', 'skipped']);
  expect(seen.servers[1]).toMatchObject({ serverId: two, code: 'operation_cancelled', operationId: null });
  expect((await call('GET', `/v1/sites/${where.siteId}/cold-starts`)).body.items).toMatchObject([{ id, state: 'cancelled' }]);
});

test('a list of cold starts tells how far each is, without the plan and the servers that each has of its own', async () => {
  const where = await place({ a: { amps: 8 } });
  await serving(where, role('storage'));
  await serving(where);
  const { id } = (await call('POST', `/v1/sites/${where.siteId}/cold-starts`, { reason: 'the lights went out' })).body;
  const listed = async () => (await call('GET', `/v1/sites/${where.siteId}/cold-starts`)).body.items;
  expect(await listed()).toMatchObject([{ id, wave: 0, waves: 2 }]);
  await advanceColdStarts(api.database);
  await call('POST', `/v1/cold-starts/${id}/pause`, {});
  const { servers, plan, ...summary } = (await call('GET', `/v1/cold-starts/${id}`)).body;
  expect([servers.length, plan.waves.length]).toEqual([2, 2]);
  expect(summary).toMatchObject({ state: 'paused', wave: 1, waves: 2, paused: { because: 'local paused it' } });
  expect(await listed()).toEqual([summary]);
});

test('nothing to power on is said with how many were left out; what was seen since the blackout is left alone', async () => {
  const where = await place();
  const id = await serving(where);
  const path = `/v1/sites/${where.siteId}/cold-start`;
  const before = new Date(Date.now() - 60_000).toISOString();
  await notePower(api.database, id, 'on');
  expect((await call('GET', `${path}-plan?seenSince=${before}`)).body.leftOut).toMatchObject([
    { serverId: id, why: 'already_on' },
  ]);
  expect((await call('POST', `${path}s`, { seenSince: before })).body).toMatchObject({
    code: 'nothing_to_power_on',
    params: { leftOut: 1 },
  });
  expect((await call('GET', `${path}-plan`)).body.waves).toHaveLength(1);
  expect((await call('GET', '/v1/cold-starts/cst_0')).body.code).toBe('not_found');
});

test('one server in service is powered on by itself, once per key; any other is refused', async () => {
  const where = await place();
  const id = await serving(where);
  const path = `/v1/servers/${id}/power-on`;
  const key = { 'idempotency-key': 'power-on-1' };
  const first = await call('POST', path, { reason: 'found it dark' }, key);
  expect(first).toMatchObject({
    status: 202,
    body: { type: 'power_on', state: 'running', reason: 'found it dark', target: { id } },
  });
  expect(api.woken).toContain(first.body.id);
  expect((await call('POST', path, { reason: 'found it dark' }, key)).body.id).toBe(first.body.id);
  expect((await call('POST', path, {}, { 'idempotency-key': 'power-on-2' })).body.code).toBe('operation_in_progress');
  const other = await server(where);
  const refused = await call('POST', `/v1/servers/${other}/power-on`, {}, { 'idempotency-key': 'power-on-3' });
  expect(refused.body).toMatchObject({ code: 'not_allowed_in_state', params: { state: 'registered' } });
  expect((await call('POST', path, {})).status).toBe(400);
});
