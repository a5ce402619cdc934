// A server that leaves for good takes its open work orders along: each says what became of it, and its certificate who sent it away.
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { Retirement } from '@rackwright/domain/retirement.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { postgresRunStore } from '@rackwright/store/operations/run-store.ts';
import { postgresErasures } from '@rackwright/store/ports/postgres-erasures.ts';
import { postgresServers } from '@rackwright/store/ports/postgres-servers.ts';
import { inspectionWith } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { beforeAll, expect, test } from 'vitest';
import { furnish, type Json, newBmc, useApi } from './api-server.ts';

const WHO = 'chen.mei';
const api = useApi({ authentication: { kind: 'none', principal: WHO } });
const { call } = api;
let place: { siteId: string; rackId: string; networkId: string };
let made = 0;

beforeAll(async () => {
  place = await furnish(call, 'tpe1');
});

async function inRepair(disks = true): Promise<{ id: ServerId; disk: string }> {
  const n = ++made;
  const nics = { [`02:00:00:00:04:${n.toString(16).padStart(2, '0')}`]: { boot: true } };
  const body = { ...place, name: `R1-U${n}`, serial: `SN-${n}`, uPosition: n, nics, bmc: newBmc() };
  const { id } = (await call('POST', '/v1/servers', body)).body;
  const disk = `D-${n}`;
  if (disks) await postgresServers(api.database).acceptHardware(id, inspectionWith([disk]), newId('operation'));
  await api.sql(`update servers set state = 'in_repair' where id = $1`, [id]);
  return { id, disk };
}

/** Every disk is erased, and the operation ends. */
async function retire({ id, disk }: { id: ServerId; disk: string }, outcome: Retirement): Promise<void> {
  const request = { type: 'retire', params: { outcome }, reason: 'end of lease' };
  const { body } = await call('POST', `/v1/servers/${id}/operations`, request, { 'idempotency-key': id });
  const at = '2026-01-02T03:04:05.000Z';
  const erased = { serial: disk, method: 'nvme_format', sizeBytes: 10, readBack: 'zero', checkedBytes: 10 } as const;
  await postgresErasures(api.database).record(id, body.id, [{ ...erased, startedAt: at, finishedAt: at }]);
  const runs = postgresRunStore(api.database);
  const run = await runs.claim(body.id, 'w1', 60_000);
  if (typeof run === 'string') throw new Error(run);
  await runs.finish(run);
}

async function order(serverId: ServerId, cause: string): Promise<string> {
  const { body, status } = await call('POST', '/v1/work-orders', { serverId, cause });
  expect(status).toBe(201);
  return body.id;
}
const act = (id: string, action: string, body: Json) =>
  call('POST', `/v1/work-orders/${id}/${action}`, body, { 'if-match': '*' });
const read = async (id: string): Promise<Json> => (await call('GET', `/v1/work-orders/${id}`)).body;

test('a server that is written off at once takes its orders along too, by the one who wrote it off', async () => {
  const server = await inRepair(false);
  const id = await order(server.id, 'burnt');
  const request = { type: 'write_off', params: { outcome: 'scrapped' }, reason: 'fire' };
  const written = await call('POST', `/v1/servers/${server.id}/operations`, request, { 'idempotency-key': `off-${server.id}` });
  expect(written).toMatchObject({ status: 200 });
  expect(await read(id)).toMatchObject({ state: 'closed', outcome: 'scrapped', reason: 'scrapped' });
  const told = await api.sql<{ payload: Json }>(
    `select payload from events where subject_id = $1 and payload->>'to' = 'closed'`,
    [id],
  );
  expect(told.map(({ payload }) => payload['by'])).toEqual([WHO]);
});

test.each([
  ['scrapped', 'scrapped'],
  ['returned_to_vendor', 'returned_to_vendor'],
  ['repaired_elsewhere', 'returned_to_vendor'],
] as const)('retired as %s: what was open is closed as %s, what was over stays as it was', async (outcome, closedAs) => {
  const server = await inRepair();
  const [one, assigned, cancelled] = [
    await order(server.id, 'dead board'),
    await order(server.id, 'dead fan'),
    await order(server.id, 'loose rail'),
  ];
  expect((await act(assigned, 'assign', { assignee: 'Lin Hao' })).body.state).toBe('assigned');
  expect((await act(cancelled, 'cancel', { reason: 'it was tightened' })).body.state).toBe('cancelled');
  await retire(server, outcome);
  expect((await call('GET', `/v1/servers/${server.id}`)).body).toMatchObject({ state: 'retired', retiredAs: outcome });
  const closed = { state: 'closed', outcome: closedAs, reason: outcome, closedAt: expect.any(String) };
  expect(await read(one)).toMatchObject(closed);
  expect(await read(assigned)).toMatchObject(closed);
  expect(await read(cancelled)).toMatchObject({ state: 'cancelled', outcome: null, reason: 'it was tightened' });

  const { certificate } = (await call('GET', `/v1/erasure-certificates/${server.disk}`)).body;
  expect(certificate.operation).toMatchObject({ type: 'retire-server', requestedBy: WHO, reason: 'end of lease' });
  const page = await fetch(`${api.url}/v1/erasure-certificates/${server.disk}`, { headers: { accept: 'text/html' } });
  expect(await page.text()).toContain(WHO);
});

test('a person gives it up as scrapped: the order says so, and the server is theirs to retire', async () => {
  const { id } = await inRepair();
  const given = await order(id, 'burnt board');
  expect((await act(given, 'close', { outcome: 'scrapped', reason: 'burnt' })).body).toMatchObject({
    state: 'closed',
    outcome: 'scrapped',
    reason: 'burnt',
    server: { state: 'in_repair' },
  });
});
