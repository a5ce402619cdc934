// Disks that nobody can erase any more: a named person's word over HTTP, what it allows, and the certificate that says so.
import type { ErasureEvidence } from '@rackwright/domain/erasure.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import { postgresAgentReports } from '@rackwright/store/boot/agent-reports.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { postgresRunStore } from '@rackwright/store/operations/run-store.ts';
import { postgresBootTickets } from '@rackwright/store/ports/postgres-boot-tickets.ts';
import { postgresErasures } from '@rackwright/store/ports/postgres-erasures.ts';
import { postgresServers } from '@rackwright/store/ports/postgres-servers.ts';
import { inspectionWith } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { beforeAll, expect, test } from 'vitest';
import { furnish, newBmc, TEST_KEYRING, useApi } from './api-server.ts';

const api = useApi();
const { call } = api;
let place: { siteId: string; rackId: string; networkId: string };
let made = 0;

beforeAll(async () => {
  place = await furnish(call, 'tpe1');
});

async function inRepair(...disks: string[]): Promise<ServerId> {
  const n = ++made;
  const nics = { [`02:00:00:00:02:${n.toString(16).padStart(2, '0')}`]: { boot: true } };
  const body = { ...place, name: `R1-U${n}`, serial: `SN-${n}`, uPosition: n, nics, bmc: newBmc() };
  const { id } = (await call('POST', '/v1/servers', body)).body;
  await postgresServers(api.database).acceptHardware(id, inspectionWith(disks), newId('operation'));
  await api.sql(`update servers set state = 'in_repair' where id = $1`, [id]);
  return id;
}

const word = (serial: string) => ({
  serial,
  method: 'destroyed',
  person: 'Chen Mei',
  witness: 'Lin Hao',
  evidence: 'shredded, protocol 4711',
  at: '2026-01-02T03:04:05.000Z',
});
const say = (id: ServerId, body: object) => call('POST', `/v1/servers/${id}/disk-removals`, body);

test('only a disk that is on file, only where hands may be in the machine, and never written over', async () => {
  const id = await inRepair('A1');
  expect((await say(id, word('A9'))).body).toMatchObject({ code: 'reference_not_found', params: { id: 'A9' } });
  expect((await say(id, { ...word('A1'), person: ' ' })).status).toBe(400);
  const told = await say(id, word('A1'));
  expect(told).toMatchObject({ status: 200, body: { ...word('A1'), recordedBy: 'local' } });
  expect((await say(id, word('A1'))).body).toEqual(told.body);
  expect((await say(id, { ...word('A1'), person: 'Lin Hao' })).body).toMatchObject({
    code: 'disk_removal_known',
    params: { person: 'Chen Mei' },
  });
  await api.sql(`update servers set state = 'in_service' where id = $1`, [id]);
  expect((await say(id, word('A1'))).body.code).toBe('not_allowed_in_state');
});

test('a disk that is counted again is erased like the others: what was said of it is forgotten', async () => {
  const id = await inRepair('B1', 'B2');
  await say(id, word('B1'));
  await say(id, word('B2'));
  await postgresServers(api.database).acceptHardware(id, inspectionWith(['B2', 'B3']), newId('operation'));
  const { body } = await call('GET', `/v1/servers/${id}/disk-removals`);
  expect(body.items.map(({ serial }: { serial: string }) => serial)).toEqual(['B1']);
});

test('the agent counts a disk that somebody said was out: he is not believed any longer', async () => {
  const id = await inRepair('E1', 'E2');
  await say(id, word('E1'));
  await api.sql(`update servers set state = 'quarantined' where id = $1`, [id]);
  const begun = await call(
    'POST',
    `/v1/servers/${id}/operations`,
    { type: 'release' },
    { 'idempotency-key': newId('operation') },
  );
  expect(begun.status).toBe(202);
  const tickets = postgresBootTickets(api.database, TEST_KEYRING);
  const ticket = await tickets.open(id, begun.body.id, 'erase', new Date(Date.now() + 60_000).toISOString());
  await postgresAgentReports(api.database).inspected(ticket, inspectionWith(['E1', 'E2']));
  expect((await call('GET', `/v1/servers/${id}/disk-removals`)).body.items).toEqual([]);
});

const erased: ErasureEvidence = {
  serial: 'C1',
  method: 'nvme_format',
  sizeBytes: 10,
  readBack: 'zero',
  checkedBytes: 10,
  startedAt: '2026-01-02T03:04:05.000Z',
  finishedAt: '2026-01-02T03:04:05.000Z',
};

async function retire(id: ServerId): Promise<OperationId> {
  const body = { type: 'retire', params: { outcome: 'scrapped' }, reason: 'its disk died' };
  return (await call('POST', `/v1/servers/${id}/operations`, body, { 'idempotency-key': id })).body.id;
}

test('a server whose disk died is retired with a certificate for each: erased, or destroyed by whom', async () => {
  const id = await inRepair('C1', 'C2');
  await say(id, word('C2'));
  const operationId = await retire(id);
  const erasures = postgresErasures(api.database);
  await erasures.record(id, operationId, [erased, ...(await erasures.removals(id))]);
  const runs = postgresRunStore(api.database);
  const run = await runs.claim(operationId, 'w1', 60_000);
  if (typeof run === 'string') throw new Error(run);
  await runs.finish(run);
  expect((await call('GET', `/v1/servers/${id}`)).body).toMatchObject({ state: 'retired', retiredAs: 'scrapped' });

  const { certificate } = (await call('GET', '/v1/erasure-certificates/C2')).body;
  const { serial, ...removal } = word('C2');
  expect(certificate).toMatchObject({ disk: { serial }, removal, operation: { reason: 'its disk died' } });
  expect(certificate).not.toHaveProperty('erasure');
  expect((await call('GET', '/v1/erasure-certificates/C1')).body.certificate).toMatchObject({ erasure: { readBack: 'zero' } });
  const page = await fetch(`${api.url}/v1/erasure-certificates/C2`, { headers: { accept: 'text/html' } });
  const text = await page.text();
  for (const said of [
    'Certificate of a removed drive',
    'physically destroyed, not erased',
    'Chen Mei',
    'Lin Hao',
    'protocol 4711',
  ])
    expect(text).toContain(said);
  const { body } = await call('GET', `/v1/servers/${id}/erasures`);
  expect(body.items).toEqual(
    expect.arrayContaining([expect.objectContaining(word('C2')), expect.objectContaining({ serial: 'C1', readBack: 'zero' })]),
  );
});

test('without that word it is quarantined, as ever', async () => {
  const id = await inRepair('D1');
  const operationId = await retire(id);
  const runs = postgresRunStore(api.database);
  const run = await runs.claim(operationId, 'w1', 60_000);
  if (typeof run === 'string') throw new Error(run);
  await runs.finish(run);
  expect((await call('GET', `/v1/servers/${id}`)).body.state).toBe('quarantined');
});

/** A validation that found nothing wrong; where the server is afterwards. */
async function validated(id: ServerId): Promise<{ operationId: OperationId; state: string }> {
  await api.sql(`update servers set state = 'in_repair' where id = $1`, [id]);
  const begun = await call(
    'POST',
    `/v1/servers/${id}/operations`,
    { type: 'validate' },
    { 'idempotency-key': newId('operation') },
  );
  expect(begun.status).toBe(202);
  const operationId: OperationId = begun.body.id;
  const runs = postgresRunStore(api.database);
  const run = await runs.claim(operationId, 'w1', 60_000);
  if (typeof run === 'string') throw new Error(run);
  await runs.finish(run);
  return { operationId, state: (await call('GET', `/v1/servers/${id}`)).body.state };
}

test('a disk that another server lost holds what that one wrote: repaired with it is handed out only once it is erased here', async () => {
  const erasures = postgresErasures(api.database);
  const eraseF = (id: ServerId, operationId: OperationId, serial: string) =>
    erasures.record(id, operationId, [{ ...erased, serial }]);
  const lost = await inRepair('F1', 'F9');
  // Erased where it was, before that one wrote on.
  await eraseF(lost, (await validated(lost)).operationId, 'F1');
  await api.sql(`update servers set state = 'in_repair' where id = $1`, [lost]);
  expect((await say(lost, word('F1'))).status).toBe(200);

  const [own, repaired] = [await inRepair('F2'), await inRepair('F3', 'F1')];
  expect((await validated(own)).state).toBe('available');
  const { operationId, state } = await validated(repaired);
  expect(state).toBe('quarantined');
  expect((await call('GET', `/v1/servers/${lost}/disk-removals`)).body.items).toHaveLength(1);

  // The proof of another disk changes nothing.
  await eraseF(repaired, operationId, 'F3');
  expect((await validated(repaired)).state).toBe('quarantined');
  await eraseF(repaired, operationId, 'F1');
  expect((await call('GET', '/v1/erasure-certificates/F1')).body.certificate).toMatchObject({ server: { id: repaired } });
  expect((await validated(repaired)).state).toBe('available');
});
