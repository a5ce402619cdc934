// Plans over real HTTP and Postgres: told before anything is done, and refused once the world has changed.
import { randomUUID } from 'node:crypto';
import { makeTestPki } from '@rackwright/testkit/kubernetes/cluster-pki.ts';
import { forgetOld } from '@rackwright/store/retention.ts';
import { inspectionWith } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { beforeAll, expect, test } from 'vitest';
import { type Json, useApi } from './api-server.ts';
import { addServers, furnishAnother, type Place } from './bulk-world.ts';

const api = useApi();
const { call } = api;
let place: Place;

beforeAll(async () => {
  place = await furnishAnother(call);
});

const onboard = { type: 'onboard' };
const plan = (servers: object, operation: object = onboard, more: object = {}) =>
  call('POST', '/v1/plans', { operation, servers, ...more });
const items = async (id: string, query = ''): Promise<Json[]> => (await call('GET', `/v1/plans/${id}/items${query}`)).body.items;
const execute = (id: string, headers = {}) => call('POST', `/v1/plans/${id}/executions`, {}, headers);

test('one operation on one server: what runs, in which order, for how long; and nothing is done', async () => {
  const [id = ''] = await addServers(call, place, { count: 1, prefix: 'ONE' });
  const before = (await call('GET', `/v1/servers/${id}`)).body;
  const made = await plan({ ids: [id] }, { type: 'onboard', reason: 'new in rack' });
  expect(made).toMatchObject({
    status: 201,
    body: {
      kind: 'plan',
      operation: { type: 'onboard', reason: 'new in rack' },
      servers: { ids: [id] },
      total: 1,
      runs: 1,
      blocked: [],
      waves: { canary: 1, parallelism: 10, perRack: null },
      disks: { written: 0, erased: 0 },
      expected: { seconds: 900, basis: 'default' },
      requestedBy: { principal: 'local' },
      executionId: null,
    },
  });
  expect(made.headers.get('location')).toBe(`/v1/plans/${made.body.id}`);
  const [item] = await items(made.body.id);
  expect(item).toMatchObject({
    serverId: id,
    runs: true,
    blocked: [],
    basis: { state: 'registered', version: before.version },
    drain: null,
  });
  expect(item.steps.map(({ name }: Json) => name).slice(0, 3)).toEqual([
    'identify the server by its BMC',
    'refuse a wrong or twin serial',
    'open a boot ticket',
  ]);
  expect((await call('GET', `/v1/plans/${made.body.id}`)).body).toEqual(made.body);
  expect((await call('GET', `/v1/servers/${id}`)).body).toEqual(before);
  const again = await plan({ ids: [id] }, { type: 'onboard', reason: 'again' });
  expect(again.body.fingerprint).toBe(made.body.fingerprint);
});

test('what is in the way is told in words, for each server; a plan that does nothing is not carried out', async () => {
  const [id = '', busy = '', bare = ''] = await addServers(call, place, { count: 3, prefix: 'WAY' });
  const begun = await call('POST', `/v1/servers/${busy}/operations`, onboard, { 'idempotency-key': randomUUID() });
  await call('PATCH', `/v1/servers/${bare}`, { bmc: null }, { 'if-match': '*' });
  const made = await plan({ filter: 'name~"WAY-*"' });
  expect(made.body).toMatchObject({ total: 3, runs: 1 });
  const blocked = await items(made.body.id, '?runs=false');
  expect(blocked.map(({ serverId, blocked }: Json) => [serverId, blocked[0].code])).toEqual([
    [busy, 'operation_in_progress'],
    [bare, 'bmc_missing'],
  ]);
  expect(blocked[0].blocked[0]).toMatchObject({
    params: { operationId: begun.body.id },
    detail: `Operation ${begun.body.id} is running on the server.`,
  });
  const release = await plan({ ids: [id] }, { type: 'release' });
  expect(release.body).toMatchObject({ runs: 0, blocked: [{ code: 'not_allowed_in_state', servers: 1 }] });
  expect(await execute(release.body.id)).toMatchObject({ status: 409, body: { code: 'plan_runs_nothing' } });
});

test('disks are named by their serials before they are erased', async () => {
  const [id = ''] = await addServers(call, place, { count: 1, prefix: 'ERA' });
  await api.sql(`update servers set state = 'available' where id = $1`, [id]);
  await api.sql(`insert into accepted_hardware (server_id, inspection, operation_id) values ($1, $2, 'op_test')`, [
    id,
    JSON.stringify(inspectionWith(['SER-A', 'SER-B'])),
  ]);
  const made = await plan({ ids: [id] }, { type: 'retire', params: { outcome: 'scrapped' } });
  expect(made.body).toMatchObject({ runs: 1, disks: { written: 0, erased: 2 } });
  const [item] = await items(made.body.id);
  expect(item.disks).toMatchObject([
    { serial: 'SER-A', deed: 'erase' },
    { serial: 'SER-B', deed: 'erase' },
  ]);
});

test('a cluster that does not answer is told as unknown', async () => {
  const [id = ''] = await addServers(call, place, { count: 1, prefix: 'DRK' });
  const kubeconfig = JSON.stringify({
    'current-context': 'x',
    clusters: [{ name: 'x', cluster: { server: 'https://127.0.0.1:9' } }],
    users: [{ name: 'x', user: { token: 't' } }],
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
  });
  const cluster = await call('POST', '/v1/clusters', {
    name: 'dark',
    apiEndpoint: 'https://127.0.0.1:9',
    ca: (await makeTestPki(['127.0.0.1'])).caPem,
    kubernetesVersion: '1.34.2',
    credentials: kubeconfig,
  });
  expect(cluster.status).toBe(201);
  await api.sql(`update servers set state = 'in_service' where id = $1`, [id]);
  await api.sql(`insert into accepted_hardware (server_id, inspection, operation_id) values ($1, $2, 'op_test')`, [
    id,
    JSON.stringify(inspectionWith(['DRK-A'])),
  ]);
  await api.sql(
    `insert into allocations (server_id, cluster_id, node_name, image_digest, root_disk_serial, node_uid, operation_id)
     values ($1, $2, 'drk-00', 'd', 'DRK-A', 'uid', 'op_test')`,
    [id, cluster.body.id],
  );
  const made = await plan({ ids: [id] }, { type: 'release' });
  expect(made.body).toMatchObject({
    runs: 1,
    clusters: [{ name: 'dark', sight: 'unknown', quorum: null }],
    hazards: [{ code: 'cluster_not_seen', servers: 1 }],
    failureDomains: expect.arrayContaining([{ domain: 'cluster', name: 'dark', serving: 1, outAtOnce: 1, outAfter: 1 }]),
  });
  const [item] = await items(made.body.id);
  expect(item).toMatchObject({ quorum: 'unknown', drain: { outlook: 'unknown', why: 'kubernetes_unreachable' } });
});

test('a stale plan is refused, and what has changed is named server by server', async () => {
  const [moved = '', labelled = '', gone = '', same = ''] = await addServers(call, place, {
    count: 4,
    prefix: 'STL',
    labels: { pool: 'stale' },
  });
  const made = (await plan({ filter: 'label.pool=stale' })).body;
  await call('POST', `/v1/servers/${moved}/operations`, onboard, { 'idempotency-key': randomUUID() });
  await call('PATCH', `/v1/servers/${labelled}`, { labels: { colour: 'red' } }, { 'if-match': '*' });
  await call('PATCH', `/v1/servers/${gone}`, { labels: { pool: 'other' } }, { 'if-match': '*' });
  const [newcomer = ''] = await addServers(call, place, { count: 1, prefix: 'STM', labels: { pool: 'stale' } });

  const refused = await execute(made.id);
  expect(refused).toMatchObject({ status: 409, body: { code: 'plan_stale', retryable: false } });
  const changes = refused.body.errors.map(({ pointer, code }: Json) => `${pointer.replace('/servers/', '')} ${code}`);
  expect(changes).toEqual([
    `${moved} state_changed`,
    `${moved} version_changed`,
    `${moved} operation_changed`,
    `${labelled} version_changed`,
    `${gone} matches_no_more`,
    `${newcomer} matches_now`,
  ]);
  expect(refused.body.params).toEqual({ changes: 6 });
  expect(refused.body.errors[0].message).toBe('STL-00: state registered is now onboarding');
  expect((await call('GET', `/v1/servers/${same}`)).body.state).toBe('registered');
  expect((await call('GET', '/v1/bulk-operations')).body.items).toEqual([]);
});

test('a plan that expired is refused', async () => {
  const [id = ''] = await addServers(call, place, { count: 1, prefix: 'OLD' });
  const made = (await plan({ ids: [id] }, onboard, { lastsMinutes: 1 })).body;
  await api.sql(`update plans set expires_at = now() - interval '1 s' where id = $1`, [made.id]);
  expect(await execute(made.id)).toMatchObject({ status: 409, body: { code: 'plan_expired' } });
});

test('a plan is carried out once, however often and by however many it is asked', async () => {
  const ids = await addServers(call, place, { count: 2, prefix: 'ONC' });
  const made = (await plan({ ids })).body;
  const key = { 'idempotency-key': randomUUID() };
  const answers = await Promise.all([execute(made.id), execute(made.id), execute(made.id, key), execute(made.id)]);
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  const again = await execute(made.id, key);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  const bulk = again.body.id;
  expect((await call('GET', `/v1/plans/${made.id}`)).body.executionId).toBe(bulk);
  expect(again.headers.get('location')).toBe(`/v1/bulk-operations/${bulk}`);
  expect((await call('GET', `/v1/bulk-operations/${bulk}`)).body).toMatchObject({
    state: 'running',
    counts: { pending: 2, running: 0 },
    waitingFor: { code: 'bulk_worker', unblockedBy: 'a worker that is running' },
  });
});

test('a plan that nobody carried out is forgotten a day after it expired; what was done is kept', async () => {
  const [first = '', second = ''] = await addServers(call, place, { count: 2, prefix: 'FGT' });
  const [left, kept] = [(await plan({ ids: [first] })).body.id, (await plan({ ids: [second] })).body.id];
  const bulk = (await execute(kept)).body.id;
  await api.sql(`update plans set expires_at = now() - interval '25 hours' where id = any($1)`, [[left, kept]]);
  await forgetOld(api.database);
  expect((await call('GET', `/v1/plans/${left}`)).status).toBe(404);
  expect(await items(kept)).toHaveLength(1);
  await api.sql(`update bulk_operations set state = 'finished', finished_at = now() - interval '31 days' where id = $1`, [bulk]);
  await forgetOld(api.database);
  expect(await items(kept)).toEqual([]);
  expect((await call('GET', `/v1/bulk-operations/${bulk}/items`)).body.items).toHaveLength(1);
});

test('what cannot be planned is refused before anything is read', async () => {
  const [id = ''] = await addServers(call, place, { count: 1, prefix: 'NOT' });
  expect(await plan({ ids: [id] }, { type: 'write_off', params: { outcome: 'scrapped' } })).toMatchObject({
    status: 409,
    body: { code: 'operation_not_plannable' },
  });
  expect(await plan({ filter: 'name=nobody' })).toMatchObject({ status: 409, body: { code: 'nothing_chosen' } });
  expect(await plan({ ids: ['srv_00000000000000000000000000'] })).toMatchObject({ status: 404 });
  expect(await plan({ filter: 'stat=available' })).toMatchObject({
    status: 400,
    body: { code: 'invalid_filter', errors: [{ pointer: '/servers/filter', at: 0, length: 4, suggestion: 'state' }] },
  });
  expect(await plan({ ids: [id] }, onboard, { waves: { parallelism: 0 } })).toMatchObject({ status: 400 });
  expect(await call('GET', '/v1/plans/pln_nothing')).toMatchObject({ status: 404 });
});
