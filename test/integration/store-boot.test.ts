// Tickets, instructions, the agent's reports and what the boot services hold in memory.
import type { Refusal } from '@rackwright/domain/errors.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import { postgresAgentReports } from '@rackwright/store/boot/agent-reports.ts';
import { changedServers, loadAllBootRecords, loadBootRecords } from '@rackwright/store/boot/boot-records.ts';
import { postgresDhcpLeases, postgresUnknownServers } from '@rackwright/store/boot/dhcp-leases.ts';
import { postgresNodeSeeds } from '@rackwright/store/boot/node-seeds.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { postgresRunStore } from '@rackwright/store/operations/run-store.ts';
import { postgresBootTickets } from '@rackwright/store/ports/postgres-boot-tickets.ts';
import { postgresInstructions } from '@rackwright/store/ports/postgres-instructions.ts';
import { postgresServers } from '@rackwright/store/ports/postgres-servers.ts';
import { tokenHash } from '@rackwright/store/secrets/derived-secrets.ts';
import { inspectionWith, type Stock, stockInventory, TEST_KEYRING } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import type { InstructionDeed } from '@rackwright/workflows/ports.ts';
import { beforeAll, describe, expect, test } from 'vitest';

const db = useTestDatabase();
let stock: Stock;
const until = () => new Date(Date.now() + 3_600_000).toISOString();
const ports = () => ({
  tickets: postgresBootTickets(db.database, TEST_KEYRING),
  instructions: postgresInstructions(db.database),
  reports: postgresAgentReports(db.database),
  servers: postgresServers(db.database),
  runs: postgresRunStore(db.database),
});
const erase: InstructionDeed = { do: 'erase_disks', diskSerials: ['D1'] };
const done = { outcome: 'done' as const, code: 'ok', detail: '', evidence: [] };
const record = async (id: ServerId) => (await loadBootRecords(db.database, TEST_KEYRING, [id]))[0];

beforeAll(async () => {
  stock = await stockInventory(db.database);
});

/** A server that is being onboarded, with its ticket open. */
async function withTicket() {
  const serverId = await stock.addServer();
  const operationId = await stock.begin(serverId, 'onboard');
  const ticketId = await ports().tickets.open(serverId, operationId, 'inspect', until());
  return { serverId, operationId, ticketId };
}

describe('tickets', () => {
  test('opened again it is the same one; its token is in memory and its hash in the table', async () => {
    const { serverId, operationId, ticketId } = await withTicket();
    const { tickets } = ports();
    expect(await tickets.open(serverId, operationId, 'inspect', until())).toBe(ticketId);
    const seen = await record(serverId);
    expect(seen).toMatchObject({ bootIntent: 'agent', ticket: { ticketId, operationId } });
    expect(seen?.ticket?.tokenHash).toBe(tokenHash(seen?.ticket?.token ?? ''));
    const rows = await db.database.query<{ row: string }>('select t::text as row from boot_tickets t where id = $1', [ticketId]);
    expect(rows[0]?.row).not.toContain(seen?.ticket?.token);
    await tickets.close(ticketId);
    await tickets.close(ticketId);
    expect(await record(serverId)).toMatchObject({ bootIntent: 'none', ticket: null });
  });

  test('an operation that does not hold the server opens none', async () => {
    const { serverId } = await withTicket();
    await expect(ports().tickets.open(serverId, newId('operation'), 'x', until())).rejects.toMatchObject({
      code: 'operation_in_progress',
    });
  });

  test('one that lapsed boots nobody', async () => {
    const { serverId, operationId } = await withTicket();
    await ports().tickets.open(serverId, operationId, 'inspect', new Date(Date.now() - 1000).toISOString());
    expect(await record(serverId)).toMatchObject({ bootIntent: 'none', ticket: null });
  });
});

describe('reports', () => {
  test('a count is kept, comes twice without harm, and makes the operation due', async () => {
    const { operationId, ticketId } = await withTicket();
    const { reports, tickets, runs } = ports();
    const run = await runs.claim(operationId, 'w', 60_000);
    if (typeof run === 'string') throw new Error(run);
    expect(await reports.inspected(ticketId, inspectionWith(['D1']))).toBe(operationId);
    expect(await reports.inspected(ticketId, inspectionWith(['D1', 'D2']))).toBe(operationId);
    expect((await tickets.inspection(ticketId))?.disks).toHaveLength(2);
    const waiting = { code: 'x', since: until(), until: until(), unblockedBy: 'x' };
    await runs.suspend(run, until(), waiting);
    expect(await runs.due(1000)).toContain(operationId);
    await tickets.close(ticketId);
    await expect(reports.inspected(ticketId, inspectionWith([]))).rejects.toMatchObject({ code: 'agent_token_unknown' });
  });

  test('an instruction is given once; the first result stands', async () => {
    const { ticketId } = await withTicket();
    const { reports, instructions } = ports();
    const id = await instructions.give(ticketId, 'erase', erase);
    expect(await instructions.give(ticketId, 'erase', erase)).toBe(id);
    expect(await reports.nextInstruction(ticketId)).toEqual({ id, deed: erase });
    expect(await reports.progressed(ticketId, id, { percent: 40, message: 'chunk 6 of 14' })).toBe('noted');
    expect(await instructions.result(id)).toEqual({ progress: '40 %: chunk 6 of 14' });
    expect(await reports.finished(ticketId, id, done)).toBe('noted');
    expect(await reports.finished(ticketId, id, { ...done, outcome: 'failed' })).toBe('noted');
    expect(await instructions.result(id)).toEqual(done);
    expect(await reports.nextInstruction(ticketId)).toBeUndefined();
  });

  test('withdrawn, the agent is told to stop; of another ticket, it is unknown', async () => {
    const { ticketId } = await withTicket();
    const other = await withTicket();
    const { reports, instructions } = ports();
    const id = await instructions.give(ticketId, 'erase', erase);
    expect(await reports.finished(other.ticketId, id, done)).toBe('unknown');
    await instructions.withdraw(id);
    expect(await reports.nextInstruction(ticketId)).toBeUndefined();
    expect(await reports.progressed(ticketId, id, { percent: 1, message: '' })).toBe('withdrawn');
    expect(await reports.finished(ticketId, id, done)).toBe('withdrawn');
  });

  test('a seed is read until there is a result', async () => {
    const { ticketId, serverId, operationId } = await withTicket();
    const { reports, instructions } = ports();
    const seed = { hostname: 'h', clusterId: null, nodeLabels: {}, bootstrapTokenFor: operationId };
    const deed = { do: 'write_image' as const, diskSerial: 'D1', imageDigest: 'x', rootPartition: 3, seedPartition: 2, seed };
    const id = await instructions.give(ticketId, 'write', deed);
    expect(await reports.readSeed(ticketId, id)).toEqual({ serverId, operationId, deed });
    await reports.finished(ticketId, id, done);
    expect(await reports.readSeed(ticketId, id)).toBe('over');
    expect(await reports.readSeed((await withTicket()).ticketId, id)).toBe('unknown');
  });
});

describe('allocations', () => {
  const assignment = (nodeName: string) => ({ clusterId: null, nodeName, imageDigest: 'd', rootDiskSerial: 'D1', nodeUid: null });

  test('of two that want the same server at once, one has it', async () => {
    const id = await stock.addServer();
    const { servers } = ports();
    const owners = await Promise.allSettled(['a', 'b'].map((name) => servers.assign(id, assignment(name), newId('operation'))));
    const refused = owners.flatMap((one) => (one.status === 'rejected' ? [one.reason as Refusal] : []));
    expect(refused.map((one) => one.code)).toEqual(['server_already_allocated']);
    const rows = await db.database.query<{ n: string }>('select node_name as n from allocations where server_id = $1', [id]);
    expect(rows).toHaveLength(1);
    expect(refused[0]?.facts['nodeName']).toBe(rows[0]?.n);
  });

  test('assigning is repeated by its own operation, undone by nobody else, freed by who holds the server', async () => {
    const id = await stock.addServerIn('available');
    const { servers, runs } = ports();
    const operationId = await stock.begin(id, 'provision');
    await servers.assign(id, assignment('n1'), operationId);
    await servers.assign(id, assignment('n1'), operationId);
    await servers.unassign(id, newId('operation'));
    await servers.noteNodeUid(id, 'uid-1');
    expect((await servers.get(id)).assignment).toMatchObject({ nodeName: 'n1', nodeUid: 'uid-1' });
    const run = await runs.claim(operationId, 'w', 60_000);
    if (typeof run === 'string') throw new Error(run);
    await runs.finish(run);
    expect(await record(id)).toMatchObject({ bootIntent: 'disk', state: 'in_service' });
    const release = await stock.begin(id, 'release');
    await servers.unassign(id, release);
    expect((await servers.get(id)).assignment).toBeNull();
  });

  test('two nodes of a cluster do not share a name', async () => {
    const { id: clusterId } = await stock.inventory.clusters.create(newId('cluster'), {
      name: 'prod',
      apiEndpoint: 'https://x',
      ca: '',
      kubernetesVersion: '1.35.1',
      settings: {},
      credentials: null,
    });
    const { servers } = ports();
    const wanted = { ...assignment('same'), clusterId };
    await servers.assign(await stock.addServer(), wanted, newId('operation'));
    await expect(servers.assign(await stock.addServer(), wanted, newId('operation'))).rejects.toMatchObject({
      code: 'node_name_taken',
    });
  });

  test('user data is handed out once for each installation', async () => {
    const id = await stock.addServerIn('available');
    const seeds = postgresNodeSeeds(db.database);
    const operationId = await stock.begin(id, 'provision');
    await ports().servers.assign(id, assignment('n2'), operationId);
    expect(await seeds.installation(id)).toMatchObject({
      instanceId: operationId,
      nodeName: 'n2',
      seedClaimed: false,
      network: { cidr: '10.77.0.0/24' },
    });
    expect(await Promise.all([1, 2, 3].map(() => seeds.claimUserData(id, operationId)))).toEqual(
      expect.arrayContaining([true, false, false]),
    );
    expect(await seeds.claimUserData(id, operationId)).toBe(false);
    const call = { serverId: id, hostname: 'n2', outcome: 'booted', code: 'ok', detail: '' };
    expect(await seeds.phonedHome({ ...call, instanceId: operationId })).toBe('noted');
    expect(await seeds.phonedHome({ ...call, instanceId: 'op_older' })).toBe('stale');
  });
});

describe('the feed', () => {
  test('who changed is found from the cursor on; whoever is too far behind loads everything', async () => {
    const { cursor, records } = await loadAllBootRecords(db.database, TEST_KEYRING);
    expect(await changedServers(db.database, cursor)).toEqual({
      seq: cursor.lastSeq,
      serverIds: [],
      ticketed: [],
      instructed: [],
      more: false,
    });
    const { serverId } = await withTicket();
    const changed = await changedServers(db.database, cursor);
    expect(changed).toMatchObject({ serverIds: [serverId], ticketed: [serverId], more: false });
    expect((await loadAllBootRecords(db.database, TEST_KEYRING)).records).toHaveLength(records.length + 1);
    expect(await changedServers(db.database, { ...cursor, epoch: 'other' })).toBe('reload');
    expect(await changedServers(db.database, { ...cursor, lastSeq: cursor.lastSeq + 1_000_000 })).toBe('reload');
  });

  test('a record has what DHCP must know; a retired server has none', async () => {
    const id = await stock.addServer({
      nics: [
        { mac: '52:54:00:ff:00:02', name: 'eth1', boot: false },
        { mac: '52:54:00:ff:00:01', name: 'eth0', boot: true },
      ],
    });
    const seen = await record(id);
    expect(seen).toMatchObject({ networkId: stock.networkId, firmwareMode: 'uefi', bootIntent: 'none', state: 'registered' });
    expect(seen?.nics.map(({ mac }) => mac)).toEqual(['52:54:00:ff:00:01', '52:54:00:ff:00:02']);
    expect(seen?.address).toMatch(/^10\.77\.0\./);
    await stock.inventory.servers.move(id, 'retire', { by: 'test', reason: '', retiredAs: 'scrapped' });
    expect(await record(id)).toBeUndefined();
  });
});

describe('strangers', () => {
  test('leases follow their client and their address', async () => {
    const leases = postgresDhcpLeases(db.database);
    const lease = (mac: string, address: string) => ({
      networkId: stock.networkId,
      mac,
      address,
      expiresAt: Date.now() + 60_000,
    });
    const [a, b] = ['02:00:00:00:00:0a', '02:00:00:00:00:0b'];
    await leases.save([lease(a, '10.77.0.201'), lease(b, '10.77.0.202')]);
    await leases.save([lease(a, '10.77.0.202'), { ...lease(b, '10.77.0.203'), networkId: newId('network') }]);
    expect((await leases.load()).map(({ mac, address }) => [mac, address])).toEqual([[a, '10.77.0.202']]);
  });

  test('they are counted, told of once, and cease to be strangers when they are put on file', async () => {
    const strangers = postgresUnknownServers(db.database);
    const mac = '02:00:00:00:01:01';
    const sighting = { mac, networkId: stock.networkId, architecture: 'uefi_x64', vendorClass: 'PXEClient' };
    await strangers.saw([sighting, sighting]);
    await strangers.saw([sighting]);
    await strangers.inspected(mac.toUpperCase(), inspectionWith(['D9']));
    expect(await strangers.list(10)).toMatchObject([{ mac, sightings: 2, inspection: { disks: [{ serial: 'D9' }] } }]);
    const told = await db.database.query(`select from events where kind = 'unknown_mac.seen' and subject_id = $1`, [mac]);
    expect(told).toHaveLength(1);
    await stock.addServer({ nics: [{ mac, name: 'eth0', boot: true }] });
    await strangers.saw([sighting]);
    expect(await strangers.list(10)).toEqual([]);
  });
});
