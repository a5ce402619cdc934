// Work orders over HTTP on a real Postgres: one per cause, the right machine before power, one technician at a time.
import { timelineOf } from '@rackwright/store/events.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { postgresRunStore } from '@rackwright/store/operations/run-store.ts';
import { claimWatched } from '@rackwright/store/work-orders/watch-at-the-rack.ts';
import type { OperationId } from '@rackwright/domain/ids.ts';
import { expect, test } from 'vitest';
import type { Json } from './api-server.ts';
import { useWorkOrders } from './work-order-world.ts';

const { api, person, addServer, open, act, atTheRack, end, sees, untilSafe, get, finished, lastUnit } = useWorkOrders();
const { call } = api;

test('one order per server and cause while it is not over; it says where the machine stands', async () => {
  const server = await addServer();
  const order = await open(server, { part: { kind: 'memory', slot: 'DIMM A2', oldSerial: 'M2' } });
  expect(order).toMatchObject({
    state: 'open',
    server: { name: server.name, rackName: 'tpe1-R1', uPosition: lastUnit(), face: 'front' },
    part: { kind: 'memory', slot: 'DIMM A2', oldSerial: 'M2' },
    led: { wanted: false },
    safeToPull: { safe: false, because: 'not_isolated' },
    allowedActions: expect.arrayContaining([{ action: 'assign', by: 'operator' }]),
  });
  const again = { serverId: server.id, cause: 'dead DIMM' };
  const twice = await Promise.all([call('POST', '/v1/work-orders', again), call('POST', '/v1/work-orders', again)]);
  expect(twice.map(({ status, body }) => [status, body.id])).toEqual([
    [200, order.id],
    [200, order.id],
  ]);
  expect((await call('POST', '/v1/work-orders', { ...again, cause: 'loud fan' })).status).toBe(201);
  await act(order, 'cancel', { reason: 'a mistake' });
  expect((await call('POST', '/v1/work-orders', again)).status).toBe(201);
  const open2 = await call('GET', `/v1/work-orders?serverId=${server.id}&open=true`);
  expect(open2.body.items).toHaveLength(2);
  const cancelled = await call('GET', `/v1/work-orders?serverId=${server.id}&state=cancelled`);
  expect(cancelled.body.items.map(({ id }: Json) => id)).toEqual([order.id]);
});

test('a wrong scan is refused by name, kept in the timeline, and lets nothing be switched off', async () => {
  const [server, neighbour] = [await addServer(), await addServer()];
  const order = await open(server, { assignee: person });
  await act(order, 'arrive', { person });
  expect((await act(order, 'drain', { person })).body).toMatchObject({ code: 'work_order_not_allowed' });
  const { status, body } = await act(order, 'verify', { person, scan: neighbour.serial });
  expect(status).toBe(409);
  expect(body).toMatchObject({
    code: 'wrong_machine_scanned',
    params: { scanned: neighbour.serial, expectedSerial: server.serial, expectedAssetTag: server.assetTag },
  });
  expect(body.detail).toContain(`${neighbour.name} (rack tpe1-R1`);
  const kinds = (await timelineOf(api.database, server.id, 20)).map(({ kind }) => kind);
  expect(kinds).toContain('work_order.scan_refused');
  expect((await get(order)).state).toBe('on_site');
  expect((await act(order, 'verify', { person, scan: server.assetTag.toLowerCase() })).body.state).toBe('verified');
});

test('two technicians: the second one is told who was faster, and whose order it is', async () => {
  const order = await open(await addServer(), { assignee: person });
  const { version } = await get(order);
  const [first, second] = await Promise.all([
    act(order, 'arrive', { person }, version),
    act(order, 'assign', { assignee: 'Lin Hao' }, version),
  ]);
  expect(new Set([first.status, second.status])).toEqual(new Set([200, 412]));
  await act(order, 'assign', { assignee: person });
  expect((await act(order, 'arrive', { person: 'Lin Hao' })).body).toMatchObject({
    code: 'work_order_not_yours',
    params: { assignee: person },
  });
  const blind = await call('POST', `/v1/work-orders/${order.id}/arrive`, { person });
  expect(blind.status).toBe(428);
});

test('safe to pull is what its BMC says now: on again is not safe, silence needs a name', async () => {
  const server = await addServer();
  const order = await untilSafe(server);
  expect(await get(order)).toMatchObject({
    state: 'safe',
    server: { state: 'in_repair' },
    safeToPull: { because: 'power_not_seen' },
  });
  expect((await act(order, 'start', { person })).body).toMatchObject({ code: 'not_safe_to_pull', params: { power: 'unknown' } });

  await sees(server, 'off');
  expect(await get(order)).toMatchObject({
    safeToPull: { safe: true, because: 'bmc_reports_off' },
    led: { wanted: true, lit: true },
  });
  await sees(server, 'on');
  expect(await get(order)).toMatchObject({ safeToPull: { safe: false, because: 'power_on' } });
  expect((await act(order, 'start', { person })).body).toMatchObject({ code: 'not_safe_to_pull', params: { power: 'on' } });

  await sees(server, null);
  await act(order, 'confirm-off', { person, evidence: 'both cords pulled' });
  expect((await get(order)).safeToPull).toEqual({ safe: true, because: 'confirmed_by_person' });
  await sees(server, 'on');
  expect((await get(order)).safeToPull.safe).toBe(false);
  // Fenced anew, from where it is.
  const drained = await act(order, 'drain', { person });
  await end(drained.body.operationId);
  await sees(server, 'off');
  expect((await act(order, 'start', { person })).body.state).toBe('in_progress');
});

test('the light and the power are looked at only while somebody is there, by one process at a time', async () => {
  const server = await addServer();
  const order = await open(server, { assignee: person });
  const mine = async () => (await claimWatched(api.database, 50)).filter(({ serverId }) => serverId === server.id);
  expect(await mine()).toEqual([]);
  await act(order, 'arrive', { person });
  const both = await Promise.all([mine(), mine()]);
  expect(both.flat()).toEqual([{ serverId: server.id, ledWanted: true }]);
  const { version } = await get(order);
  await sees(server, 'on');
  expect((await get(order)).version).toBe(version);
  await act(order, 'cancel', { reason: 'not needed' });
  await api.sql(`update work_orders set looked_at = null where id = $1`, [order.id]);
  expect(await mine()).toEqual([{ serverId: server.id, ledWanted: false }]);
  await sees(server, 'on', false);
  await api.sql(`update work_orders set looked_at = null where id = $1`, [order.id]);
  expect(await mine()).toEqual([]);
});

test('a repair that holds closes the order, and the server goes back to where it may', async () => {
  const server = await addServer();
  const { order, operationId } = await finished(server);
  await end(operationId);
  expect(await get(order)).toMatchObject({ state: 'closed', outcome: 'repaired', server: { state: 'available' } });
  expect((await act(order, 'cancel', { reason: 'x' })).body.code).toBe('work_order_not_allowed');
});

test('one that does not opens it again, counted, with what was wrong', async () => {
  const server = await addServer();
  const { order, operationId } = await finished(server);
  await end(operationId, { code: 'burn_in_failed' });
  expect(await get(order)).toMatchObject({
    state: 'open',
    attempts: 1,
    assignee: null,
    problem: { code: 'burn_in_failed', operationId },
    server: { state: 'in_repair' },
  });
});

test('a validation that somebody cancelled says nothing of the repair: open again, and not counted', async () => {
  const { order, operationId } = await finished(await addServer());
  await end(operationId, { code: 'operation_cancelled' });
  expect(await get(order)).toMatchObject({ state: 'open', attempts: 0, problem: { code: 'operation_cancelled' } });
});

test('the third repair that does not hold is an incident, until one holds', async () => {
  const server = await addServer();
  const first = await finished(server);
  await api.sql('update work_orders set attempts = 2 where id = $1', [first.order.id]);
  await end(first.operationId, { code: 'burn_in_failed' });
  const incidents = async () =>
    await api.sql<{ facts: Json; open: boolean }>(
      `select facts, closed_at is null as open from incidents where kind = 'repair_loop' and scope_id = $1`,
      [server.id],
    );
  expect(await incidents()).toEqual([
    { open: true, facts: { workOrderId: first.order.id, attempts: 3, code: 'burn_in_failed' } },
  ]);
  const { order } = first;
  await act(order, 'assign', { assignee: person });
  await act(order, 'arrive', { person });
  await act(order, 'verify', { person, scan: server.serial });
  await end((await act(order, 'drain', { person })).body.operationId);
  await sees(server, 'off');
  await act(order, 'start', { person });
  await end((await act(order, 'finish', { person, newPartSerials: ['N3'] })).body.operationId);
  expect(await get(order)).toMatchObject({ state: 'closed', attempts: 3, problem: null });
  expect((await incidents()).map(({ open: stillOpen }) => stillOpen)).toEqual([false]);
});

test('a server that nobody can reach by a BMC is not drained by an order: that is said at once', async () => {
  const server = await addServer();
  await api.sql('delete from server_bmcs where server_id = $1', [server.id]);
  const order = await atTheRack(server);
  expect((await act(order, 'drain', { person })).body).toMatchObject({ code: 'bmc_missing' });
  expect((await get(order)).state).toBe('verified');
});

test('a drain that nobody could end leaves the server serving and the order verified', async () => {
  const server = await addServer('quarantined');
  const order = await atTheRack(server);
  const { body } = await act(order, 'drain', { person, keepNode: false });
  const runs = postgresRunStore(api.database);
  const run = await runs.claim(body.operationId, 'w1', 60_000);
  if (typeof run === 'string') throw new Error(run);
  await runs.fail(run, { kind: 'refusal', code: 'drain_kept', message: '', retry: 'never', facts: { by: 'ann' } }, 'keep');
  expect(await get(order)).toMatchObject({
    state: 'verified',
    problem: { code: 'drain_kept', params: { by: 'ann' } },
    server: { state: 'quarantined' },
  });
});

test('given up: closed with its outcome; as repaired only when the server is back', async () => {
  const server = await addServer();
  const order = await untilSafe(server);
  expect((await act(order, 'close', { outcome: 'repaired' })).body).toMatchObject({
    code: 'server_not_back',
    params: { state: 'in_repair' },
  });
  const { body } = await act(order, 'close', { outcome: 'returned_to_vendor', reason: 'board is dead' });
  expect(body).toMatchObject({ state: 'closed', outcome: 'returned_to_vendor', reason: 'board is dead' });
  const { body: repaired } = await call('GET', `/v1/servers/${server.id}`);
  expect(repaired.allowedOperations.map(({ type }: Json) => type).sort()).toEqual(
    ['isolate', 'release', 'retire', 'validate', 'write_off'].sort(),
  );
});

test('what served goes back into service only with the Node that waited for it', async () => {
  const member = async (nodeUid: string | null): Promise<string> => {
    const server = await addServer('in_service');
    await api.sql(
      `insert into allocations (server_id, node_name, image_digest, root_disk_serial, node_uid, operation_id)
       values ($1, $2, 'sha256-x', 'D', $3, 'op_x')`,
      [server.id, server.name.toLowerCase(), nodeUid],
    );
    // A member of a cluster, whichever: only then a Node is missed.
    const cluster = newId('cluster');
    await api.sql(`insert into clusters (id, name, api_endpoint, ca, kubernetes_version) values ($1, $1, 'http://x', '', 'v1')`, [
      cluster,
    ]);
    await api.sql(`update allocations set cluster_id = $2 where server_id = $1`, [server.id, cluster]);
    const begin = async (type: string): Promise<OperationId> =>
      (await call('POST', `/v1/servers/${server.id}/operations`, { type }, { 'idempotency-key': `${type}-${server.id}` })).body
        .id;
    await end(await begin('isolate'));
    const validating = await begin('validate');
    await end(validating, { code: 'burn_in_failed' });
    const again = await call(
      'POST',
      `/v1/servers/${server.id}/operations`,
      { type: 'validate' },
      { 'idempotency-key': `again-${server.id}` },
    );
    expect(again.body.params.cameFrom).toBe('in_service');
    await end(again.body.id);
    return (await call('GET', `/v1/servers/${server.id}`)).body.state;
  };
  expect(await member('uid-1')).toBe('in_service');
  expect(await member(null)).toBe('quarantined');
});
