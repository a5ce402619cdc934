// Parts that were swapped, over real HTTP and Postgres: the server stays the same one, and nothing passes that nobody named.
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { beforeAll, describe, expect, test } from 'vitest';
import { furnish, type Json, newBmc, useApi } from './api-server.ts';

const api = useApi();
const { call } = api;
let place: { siteId: string; rackId: string; networkId: string };
beforeAll(async () => {
  place = await furnish(call, 'HWR');
});

const mac = (n: number) => `52:54:00:0e:00:${n.toString(16).padStart(2, '0')}`;
const count = (serial: string, disks: string[], macs: number[], memoryBytes = 64e9): Inspection => ({
  agentVersion: '1',
  firmwareMode: 'uefi',
  system: { manufacturer: 'Acme', product: 'Pizza 1', serial, uuid: '', assetTag: '', biosVersion: '' },
  cpu: { model: 'C', sockets: 2, cores: 8, threads: 16, architecture: 'x86_64' },
  memoryBytes,
  memoryModules: [],
  disks: disks.map((disk) => ({
    name: 'sda',
    serial: disk,
    wwn: '',
    model: '',
    sizeBytes: 480e9,
    rotational: false,
    kind: 'ssd',
  })),
  nics: macs.map((n) => ({ name: `eth${n}`, mac: mac(n), speedMbps: 1, linkUp: true, driver: '' })),
});

/** What a workflow leaves behind when the agent reported: an ended operation, its ticket, the count. */
async function counted(serverId: string, inspection: Inspection, accept = false): Promise<string> {
  const [operationId, ticketId] = [newId('operation'), newId('ticket')];
  await api.sql(
    `insert into operations (id, type, server_id, state, requested_by, deadline_at, finished_at)
     values ($1, 'onboard-server', $2, 'failed', 'test', now(), now())`,
    [operationId, serverId],
  );
  await api.sql(
    `insert into boot_tickets (id, server_id, operation_id, purpose, until, closed_at, token_hash) values ($1, $2, $3, 'inspect', now(), now(), $1)`,
    [ticketId, serverId, operationId],
  );
  await api.sql('insert into ticket_inspections (ticket_id, inspection) values ($1, $2)', [ticketId, JSON.stringify(inspection)]);
  if (accept) {
    await api.sql('insert into accepted_hardware (server_id, inspection, operation_id) values ($1, $2, $3)', [
      serverId,
      JSON.stringify(inspection),
      operationId,
    ]);
  }
  return ticketId;
}

let numbered = 0;
/** On file with two NICs, counted and accepted. */
async function server(): Promise<{ id: string; serial: string; macs: [number, number]; disks: string[] }> {
  const n = ++numbered;
  const macs: [number, number] = [10 * n, 10 * n + 1];
  const serial = `HW-${n}`;
  const nics = { [mac(macs[0])]: { name: 'left', boot: true }, [mac(macs[1])]: { name: 'right' } };
  const { body } = await call('POST', '/v1/servers', { name: `H${n}`, serial, siteId: place.siteId, nics, bmc: newBmc() });
  const disks = [`HD-${n}A`, `HD-${n}B`];
  await counted(body.id, count(serial, disks, macs), true);
  return { id: body.id, serial, macs, disks };
}
const accept = (id: string, body: object) =>
  call('POST', `/v1/servers/${id}/hardware/accept`, { reason: 'card swapped', ...body });
const eventsOf = (id: string) =>
  api.sql<{ payload: Json }>(
    `select payload from events where subject_id = $1 and kind = 'server.hardware_accepted' order by seq`,
    [id],
  );

describe('a swap', () => {
  test('of the NIC that boots: seen, named, accepted; the server is the same one', async () => {
    const { id, serial, macs, disks } = await server();
    expect((await call('GET', `/v1/servers/${id}/hardware`)).body).toMatchObject({ differences: [], model: null });
    const ticketId = await counted(id, count(serial, disks, [19, macs[1]]));
    const { body: shown } = await call('GET', `/v1/servers/${id}/hardware`);
    expect(shown.lastSeen.ticketId).toBe(ticketId);
    expect(shown.accepted.inspection.nics).toHaveLength(2);
    expect(shown.differences.map(({ what }: Json) => what)).toEqual([`nic ${mac(macs[0])} is gone`, `nic ${mac(19)} is new`]);

    expect((await accept(id, { ticketId })).body).toMatchObject({ code: 'hardware_not_reviewed' });
    const nics = { [mac(macs[0]).toUpperCase()]: mac(19) };
    const done = await accept(id, { ticketId, nics });
    expect(done.status).toBe(200);
    expect(done.body).toMatchObject({ differences: [], accepted: { inspection: { nics: [{ mac: mac(19) }, {}] } } });
    const { body: after } = await call('GET', `/v1/servers/${id}`);
    expect(after).toMatchObject({ id, serial, version: 2 });
    expect(after.nics).toEqual({ [mac(19)]: { name: 'left', boot: true }, [mac(macs[1])]: { name: 'right', boot: false } });
    expect(await eventsOf(id)).toMatchObject([{ payload: { by: 'local', reason: 'card swapped', lostDisks: [] } }]);
    expect((await call('GET', '/v1/servers?q=HW-1')).body.items).toHaveLength(1);
  });

  test('of the board: the serial changes, the id does not', async () => {
    const { id, macs, disks } = await server();
    const ticketId = await counted(id, count('HW-NEW', disks, macs));
    expect((await accept(id, { ticketId })).body.code).toBe('hardware_not_reviewed');
    expect((await accept(id, { ticketId, serial: 'HW-OTHER' })).body.code).toBe('serial_mismatch');
    expect((await accept(id, { ticketId, serial: 'HW-NEW' })).status).toBe(200);
    expect((await call('GET', '/v1/servers/serial:HW-NEW')).body.id).toBe(id);
  });

  test('must not bring the NIC or the serial of another server', async () => {
    const [one, other] = [await server(), await server()];
    const ticketId = await counted(one.id, count(one.serial, one.disks, [other.macs[0], one.macs[1]]));
    const stolen = await accept(one.id, { ticketId, nics: { [mac(one.macs[0])]: mac(other.macs[0]) } });
    expect(stolen.body).toMatchObject({ code: 'mac_already_known', params: { mac: mac(other.macs[0]) } });
    const twin = await counted(one.id, count(other.serial, one.disks, one.macs));
    expect((await accept(one.id, { ticketId: twin, serial: other.serial })).body.code).toBe('serial_already_known');
    expect(await eventsOf(one.id)).toEqual([]);
  });

  test('of a disk: named when it was not erased, refused while the server is somebody’s', async () => {
    const { id, serial, macs, disks } = await server();
    const ticketId = await counted(id, count(serial, [disks[0] ?? '', 'HD-FRESH'], macs));
    await api.sql(
      `insert into allocations (server_id, node_name, image_digest, root_disk_serial, operation_id) values ($1, 'n', 'd', $2, 'op_x')`,
      [id, disks[0]],
    );
    const body = { ticketId, lostDisks: [disks[1]] };
    expect((await accept(id, body)).body).toMatchObject({ code: 'disk_dropped_unerased', params: { disk: disks[1] } });
    await api.sql('delete from allocations where server_id = $1', [id]);
    expect((await accept(id, { ticketId })).body.code).toBe('hardware_not_reviewed');
    expect((await accept(id, body)).status).toBe(200);
    expect(await eventsOf(id)).toMatchObject([{ payload: { lostDisks: [disks[1]] } }]);
  });

  test('of a disk that was erased needs no name', async () => {
    const { id, serial, macs, disks } = await server();
    await api.sql(
      `insert into erasures (operation_id, disk_serial, server_id, evidence) values ('op_e', $1, $2, '{"readBack":"zero"}')`,
      [disks[1], id],
    );
    const ticketId = await counted(id, count(serial, disks.slice(0, 1), macs));
    expect((await accept(id, { ticketId })).status).toBe(200);
  });

  test('is reviewed on the last count only, with a reason, and not under a running operation', async () => {
    const { id, serial, macs, disks } = await server();
    const early = await counted(id, count(serial, disks, macs));
    const latest = await counted(id, count(serial, disks, macs));
    // A machine does not boot twice within a millisecond, a test does.
    await api.sql(`update ticket_inspections set reported_at = reported_at - interval '1 second' where ticket_id = $1`, [early]);
    expect((await accept(id, { ticketId: early })).body).toMatchObject({ code: 'inspection_not_latest', params: { latest } });
    expect((await accept(id, { ticketId: latest, reason: '' })).body.code).toBe('invalid_request');
    await api.sql(
      `insert into operations (id, type, server_id, state, requested_by, deadline_at) values ($1, 'onboard-server', $2, 'running', 't', now())`,
      [newId('operation'), id],
    );
    expect((await accept(id, { ticketId: latest })).body.code).toBe('operation_in_progress');
  });
});

describe('a hardware model', () => {
  const path = '/v1/hardware-models';
  test('is compared with each count, and says the first difference as a condition', async () => {
    const { id, serial, macs, disks } = await server();
    const condition = async () => (await call('GET', `/v1/servers/${id}`)).body.conditions;
    expect(await condition()).toEqual([{ type: 'InventoryMatches', status: 'unknown', reason: 'no_model', message: '' }]);

    const expected = { cpuSockets: 2, memoryBytes: 64e9, disks: [{ count: 2, sizeBytes: 480e9 }], nics: 2 };
    const made = await call('POST', path, { name: 'pizza', product: 'Pizza 1', ...expected });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ kind: 'hardware_model', name: 'pizza', ...expected });
    expect(await condition()).toMatchObject([{ status: 'true', reason: 'as_expected' }]);

    await counted(id, count(serial, disks, macs, 48e9));
    expect(await condition()).toMatchObject([
      { status: 'false', reason: 'differs_from_model', message: 'pizza: memory 48000000000 bytes instead of 64000000000' },
    ]);
    const listed = (await call('GET', '/v1/servers?q=HW-')).body.items.find((item: Json) => item.id === id);
    expect(listed.conditions).toEqual(await condition());
    expect((await call('GET', `/v1/servers/${id}/hardware`)).body.model).toMatchObject({
      name: 'pizza',
      differences: [{ part: 'memory' }],
    });

    const patched = await call(
      'PATCH',
      `${path}/name:pizza`,
      { memoryBytes: null },
      { 'if-match': made.headers.get('etag') ?? '' },
    );
    expect(patched.body).toMatchObject({ memoryBytes: null, version: 2 });
    expect(await condition()).toMatchObject([{ status: 'true' }]);
  });

  test('there is one of a name and one of a product', async () => {
    expect((await call('POST', path, { name: 'pizza', product: 'Pizza 2' })).body.code).toBe('name_taken');
    expect((await call('POST', path, { name: 'pizza-b', product: 'Pizza 1' })).body.code).toBe('name_taken');
    expect((await call('GET', `${path}?product=Pizza%201`)).body.items).toHaveLength(1);
    expect((await call('DELETE', `${path}/name:pizza`, undefined, { 'if-match': '*' })).status).toBe(204);
    expect((await call('GET', path)).body.items).toEqual([]);
  });
});
