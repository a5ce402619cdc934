// The inventory on a real Postgres: what contradicts itself is refused with names, also when two do it at once, and nothing is half done.
import { Refusal } from '@rackwright/domain/errors.ts';
import { type Answer, type IdempotentRequest, postgresIdempotency } from '@rackwright/store/inventory/postgres-inventory.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { readBmcAccess, readClusterAccess } from '@rackwright/store/secrets/stored-secrets.ts';
import { type Stock, stockInventory, TEST_KEYRING } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';

const db = useTestDatabase();
let stock: Stock;
beforeAll(async () => {
  stock = await stockInventory(db.database);
});

const count = async (table: string) =>
  Number((await db.database.query<{ n: number }>(`select count(*) as n from ${table}`))[0]?.n);

describe('rack positions', () => {
  test('overlapping is refused with rack, units, face and occupant; touching and the other face are not', async () => {
    await stock.addServer({ name: 'tall', uPosition: 10, uHeight: 4 });
    await stock.addServer({ uPosition: 14 });
    await stock.addServer({ uPosition: 9 });
    await stock.addServer({ uPosition: 11, face: 'rear' });
    await expect(stock.addServer({ uPosition: 12, uHeight: 2 })).rejects.toMatchObject({
      code: 'rack_position_occupied',
      facts: { rack: 'R1', u: '12-13', face: 'front', occupant: 'tall' },
    });
  });

  test('of ten that want the same unit at once, one gets it', async () => {
    const all = await Promise.allSettled(Array.from({ length: 10 }, () => stock.addServer({ uPosition: 20, uHeight: 2 })));
    expect(all.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    for (const one of all) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'rack_position_occupied' });
  });

  test('moving into an occupied unit is refused; a retired server stands in nobody’s way', async () => {
    const old = await stock.addServer({ uPosition: 30 });
    const fresh = await stock.addServer({ uPosition: 31 });
    await expect(stock.inventory.servers.update(fresh, 'any', { uPosition: 30 })).rejects.toMatchObject({
      code: 'rack_position_occupied',
    });
    await stock.inventory.servers.move(old, 'retire', { by: 'test', reason: 'sold' });
    expect(await stock.inventory.servers.update(fresh, 'any', { uPosition: 30 })).toMatchObject({ location: { uPosition: 30 } });
  });

  test('what does not fit into the rack is refused, and a rack does not shrink under its servers', async () => {
    await expect(stock.addServer({ uPosition: 42, uHeight: 2 })).rejects.toMatchObject({
      code: 'rack_position_outside',
      facts: { u: 43, heightU: 42 },
    });
    await stock.addServer({ uPosition: 42 });
    await expect(stock.inventory.racks.update(stock.rackId, 'any', { heightU: 41 })).rejects.toMatchObject({
      code: 'still_in_use',
    });
  });
});

describe('twins', () => {
  test.each([
    ['name', 'name_taken', { name: 'twin' }, { kind: 'server', name: 'twin' }],
    ['serial', 'serial_already_known', { serial: 'SN-TWIN' }, { serial: 'SN-TWIN', known: 'first-serial' }],
    ['asset tag', 'asset_tag_already_known', { assetTag: 'A-1' }, { assetTag: 'A-1', known: 'first-asset tag' }],
    [
      'MAC, in other letters',
      'mac_already_known',
      { nics: [{ mac: '52:54:00:AA:00:01', name: 'eth0', boot: true }] },
      { mac: '52:54:00:aa:00:01', known: 'first-MAC, in other letters' },
    ],
    ['address', 'address_already_taken', { address: '10.77.0.99' }, { address: '10.77.0.99', known: 'first-address' }],
  ])('the same %s is refused with the one that has it', async (what, code, same, facts) => {
    await stock.addServer({ name: `first-${what}`, ...same });
    const before = await count('servers');
    await expect(stock.addServer(same)).rejects.toMatchObject({ code, facts });
    expect(await count('servers')).toBe(before);
  });
});

describe('addresses', () => {
  test('the lowest free one is reserved: from the tenth host on, and not the pool', async () => {
    const other = await stockInventory(db.database);
    const ids = await Promise.all(Array.from({ length: 8 }, () => other.addServer({ networkId: null })));
    const records = await Promise.all(ids.map((id) => other.inventory.servers.get(id)));
    const got = records.map(({ address, networkId }) => `${networkId} ${address}`);
    const expected = Array.from({ length: 8 }, (_, i) => `${other.networkId} 10.77.0.${i + 10}`);
    expect(got.sort()).toEqual(expected.sort());
  });

  test.each([
    ['10.78.0.1', 'address_outside_network'],
    ['10.77.0.255', 'address_outside_network'],
    ['10.77.0.210', 'address_in_pool'],
  ])('%s is refused: %s', async (address, code) => {
    await expect(stock.addServer({ address })).rejects.toMatchObject({ code });
  });

  test('a network that is used up gives none, and says nothing against the server', async () => {
    const tiny = await stockInventory(db.database);
    const { id } = await tiny.inventory.networks.create(newId('network'), {
      siteId: tiny.siteId,
      name: 'tiny',
      cidr: '10.9.0.0/30',
      gateway: '10.9.0.1',
      dns: [],
      domain: null,
      ntp: [],
      dhcp: 'authoritative',
      poolFirst: null,
      poolLast: null,
    });
    const [first, second] = [await tiny.addServer({ networkId: id }), await tiny.addServer({ networkId: id })];
    expect((await tiny.inventory.servers.get(first)).address).toBe('10.9.0.2');
    expect((await tiny.inventory.servers.get(second)).address).toBeNull();
    // Another network means another address; its own stays its own.
    expect(await tiny.inventory.servers.update(second, 'any', { networkId: tiny.networkId })).toMatchObject({
      address: '10.77.0.10',
    });
    expect(await tiny.inventory.servers.update(second, 'any', { address: '10.77.0.10' })).toMatchObject({
      address: '10.77.0.10',
    });
  });

  test('networks of a site do not overlap', async () => {
    const network = await stock.inventory.networks.get(stock.networkId);
    const { id: _, version: _v, createdAt: _c, updatedAt: _u, ...same } = network;
    const inside = { ...same, name: 'inside', cidr: '10.77.0.128/25', gateway: null, poolFirst: null, poolLast: null };
    await expect(stock.inventory.networks.create(newId('network'), inside)).rejects.toMatchObject({ code: 'conflicting_value' });
  });
});

describe('changing', () => {
  test('a version that is not the current one is refused; nothing is changed', async () => {
    const id = await stock.addServer({ labels: { pool: 'a' } });
    const { version } = await stock.inventory.servers.get(id);
    const changed = await stock.inventory.servers.update(id, version, { name: `renamed-${id}`, labels: { pool: 'b' } });
    expect(changed).toMatchObject({
      name: `renamed-${id}`,
      labels: { pool: 'b' },
      version: version + 1,
      hasBmcCredentials: true,
    });
    await expect(stock.inventory.servers.update(id, version, { name: 'late' })).rejects.toMatchObject({
      code: 'precondition_failed',
      facts: { current: version + 1 },
    });
    await expect(stock.inventory.servers.delete(id, version)).rejects.toMatchObject({ code: 'precondition_failed' });
  });

  test('how a server boots is not changed under a running operation; its name is', async () => {
    const id = await stock.addServer();
    const operationId = await stock.begin(id, 'onboard');
    await expect(stock.inventory.servers.update(id, 'any', { firmwareMode: 'bios' })).rejects.toMatchObject({
      code: 'operation_in_progress',
      facts: { operationId },
    });
    expect(await stock.inventory.servers.update(id, 'any', { assetTag: `tag-${id}` })).toMatchObject({ assetTag: `tag-${id}` });
  });

  test('racks carry their feeds and switches, and are kept while a server stands in them', async () => {
    const rack = await stock.inventory.racks.update(stock.rackId, 'any', { powerFeeds: [{ name: 'C', amps: 32 }] });
    expect(rack).toMatchObject({
      powerFeeds: [{ name: 'C', amps: 32 }],
      switches: [{ name: 'tor-1', managementAddress: '10.0.0.2' }],
    });
    await expect(stock.inventory.racks.delete(stock.rackId, 'any')).rejects.toMatchObject({ code: 'still_in_use' });
    await expect(stock.inventory.racks.get(newId('rack'))).rejects.toMatchObject({ code: 'not_found' });
  });

  test('a rack of another site is refused', async () => {
    const other = await stockInventory(db.database);
    await expect(stock.addServer({ rackId: other.rackId })).rejects.toMatchObject({ code: 'rack_in_other_site' });
    await expect(stock.addServer({ rackId: newId('rack') })).rejects.toMatchObject({ code: 'reference_not_found' });
  });

  test('a record that was a mistake goes; one that was worked on stays', async () => {
    const [mistake, worked] = [await stock.addServer(), await stock.addServer()];
    await stock.begin(worked, 'onboard');
    await stock.inventory.servers.delete(mistake, 'any');
    await expect(stock.inventory.servers.get(mistake)).rejects.toMatchObject({ code: 'not_found' });
    await expect(stock.inventory.servers.delete(worked, 'any')).rejects.toMatchObject({ code: 'still_in_use' });
  });
});

describe('lists', () => {
  let own: Stock;
  beforeEach(async () => {
    own = await stockInventory(db.database);
    const servers = Array.from({ length: 25 }, (_, i) => own.newServer({ labels: { odd: String(i % 2) } }));
    await own.inventory.servers.createAll(servers.map((server) => ({ ...server, id: newId('server') })));
  });

  test('pages hold every server once, in order, and say when there is no more', async () => {
    const { name } = await own.inventory.sites.get(own.siteId);
    const filter = { conditions: [{ field: 'site', negate: false, op: 'in' as const, values: [name] }] };
    const names: string[] = [];
    let after: string | null = null;
    do {
      const page: { items: { name: string }[]; next: string | null } = await own.inventory.servers.list(
        { limit: 10, after },
        filter,
      );
      names.push(...page.items.map((server) => server.name));
      after = page.next;
    } while (after !== null);
    expect(names).toHaveLength(25);
    expect(new Set(names).size).toBe(25);
  });

  test('conditions hold together; a text that looks like SQL is a text', async () => {
    const { name } = await own.inventory.sites.get(own.siteId);
    const all = { limit: 100, after: null };
    const site = { field: 'site', negate: false, op: 'in' as const, values: [name] };
    const odd = { field: 'label.odd', negate: true, op: 'in' as const, values: ['0'] };
    expect((await own.inventory.servers.list(all, { conditions: [site, odd] })).items).toHaveLength(12);
    const glob = { field: 'name', negate: false, op: 'glob' as const, pattern: '*-u1*' };
    expect((await own.inventory.servers.list(all, { conditions: [site, glob] })).items).toHaveLength(11);
    const nasty = `'; drop table servers; --%_`;
    expect((await own.inventory.servers.list(all, { conditions: [site], search: nasty })).items).toHaveLength(0);
    const mac = (await own.inventory.servers.list(all, { conditions: [site] })).items[0]?.nics[0]?.mac ?? '';
    expect(
      (await own.inventory.servers.list(all, { conditions: [], search: mac.toUpperCase().replaceAll(':', '-') })).items,
    ).toHaveLength(1);
  });

  test('two thousand servers are put on file in one go, or none of them', async () => {
    const many = await stockInventory(db.database);
    const servers = Array.from({ length: 2000 }, (_, i) => ({
      ...many.newServer(),
      id: newId('server'),
      name: `${many.siteId}-${i}`,
      nics: [
        {
          mac: `02:00:${many.siteId.slice(-4, -2).charCodeAt(0).toString(16)}:00:${(i >> 8).toString(16).padStart(2, '0')}:${(i & 255).toString(16).padStart(2, '0')}`,
          name: 'eth0',
          boot: true,
        },
      ],
    }));
    const before = await count('servers');
    const twice = { ...many.newServer(), id: newId('server'), serial: servers[7]?.serial ?? '' };
    await expect(many.inventory.servers.createAll([...servers, twice])).rejects.toMatchObject({
      code: 'serial_already_known',
      facts: { known: 'another server of the same request' },
    });
    expect([await count('servers'), await count("nics where mac like '02:00:%'")]).toEqual([before, 0]);
    await many.inventory.servers.createAll(servers);
    expect(await count('servers')).toBe(before + 2000);
  });
});

describe('secrets at rest', () => {
  test('credentials come back to who may have them and are nowhere in the tables', async () => {
    const id = await stock.addServer({ bmcCredentials: { username: 'root', password: 'calvin-in-clear' } });
    expect((await readBmcAccess(db.database, TEST_KEYRING, id)).credentials).toEqual({
      username: 'root',
      password: 'calvin-in-clear',
    });
    const cluster = await stock.inventory.clusters.create(newId('cluster'), {
      name: 'c1',
      apiEndpoint: 'https://10.0.0.9:6443',
      ca: 'PEM',
      kubernetesVersion: '1.35.1',
      settings: { podCidr: '10.244.0.0/16' },
      credentials: 'kubeconfig-in-clear',
    });
    expect(cluster).toMatchObject({ hasCredentials: true, settings: { podCidr: '10.244.0.0/16' } });
    expect(cluster).not.toHaveProperty('credentials');
    expect((await readClusterAccess(db.database, TEST_KEYRING, cluster.id)).credentials).toBe('kubeconfig-in-clear');
    for (const text of ['calvin-in-clear', 'kubeconfig-in-clear']) expect(await tablesWith(text)).toEqual([]);
  });

  test('without a BMC or without its credentials nobody gets in', async () => {
    const id = await stock.addServer({ bmcCredentials: null });
    await expect(readBmcAccess(db.database, TEST_KEYRING, id)).rejects.toMatchObject({ code: 'bmc_missing' });
  });
});

/** Names of the tables that hold this text in any row, also as the bytes of a bytea. */
async function tablesWith(text: string): Promise<string[]> {
  const tables = await db.database.query<{ name: string }>(`select tablename as name from pg_tables where schemaname = 'public'`);
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await db.database.query(
      `select from ${name} t where t::text like '%' || $1 || '%' or t::text like '%' || encode($1::text::bytea, 'hex') || '%' limit 1`,
      [text],
    );
    if (rows.length > 0) found.push(name);
  }
  return found;
}

describe('requests that come twice', () => {
  const request = (key: string, bodyHash = 'h'): IdempotentRequest => ({
    principal: 'p',
    method: 'POST',
    path: '/v1/sites',
    key,
    bodyHash,
  });
  const once = (asked: IdempotentRequest, name: string) =>
    postgresIdempotency(db.database, TEST_KEYRING).once(asked, async ({ sites }): Promise<Answer> => {
      const site = await sites.create(newId('site'), { name });
      return { status: 201, headers: {}, body: { id: site.id } };
    });

  test('the second gets the answer of the first, and nothing happens twice', async () => {
    const first = await once(request('k1'), 'idem-1');
    expect(first.replayed).toBe(false);
    expect(await once(request('k1'), 'idem-1')).toEqual({ answer: first.answer, replayed: true });
    await expect(once(request('k1', 'other'), 'idem-1')).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  });

  test('a refused deed leaves nothing, not even the key', async () => {
    await expect(once(request('k2'), 'idem-1')).rejects.toMatchObject({ code: 'name_taken' });
    expect((await once(request('k2'), 'idem-2')).replayed).toBe(false);
  });

  test('of ten at once, one does it', async () => {
    const all = await Promise.allSettled(Array.from({ length: 10 }, () => once(request('k3'), 'idem-3')));
    const done = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(done.filter((one) => !one.replayed)).toHaveLength(1);
    for (const one of all) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'idempotency_in_progress' });
  });

  test('a deed may catch a refusal and go on in the same transaction', async () => {
    const id = newId('site');
    const { answer } = await postgresIdempotency(db.database, TEST_KEYRING).once(request('k4'), async ({ sites }) => {
      const refusal = await sites.create(newId('site'), { name: 'idem-3' }).catch((thrown: unknown) => thrown);
      expect(refusal).toBeInstanceOf(Refusal);
      await sites.create(id, { name: 'idem-4' });
      return { status: 201, headers: {}, body: null };
    });
    expect(answer.status).toBe(201);
    expect((await stock.inventory.sites.get(id)).name).toBe('idem-4');
  });
});

test('images and artifacts are registered once', async () => {
  const { images, artifacts } = stock.inventory;
  const image = {
    name: 'debian-12',
    digest: `sha256-${'a'.repeat(64)}`,
    sizeBytes: 5_000_000_000,
    rootPartition: 3,
    seedPartition: 2,
    os: 'debian',
    path: '/x',
  };
  const registered = await images.register(image);
  expect((await images.register(image)).id).toBe(registered.id);
  expect(registered.sizeBytes).toBe(5_000_000_000);
  const artifact = { name: 'ipxe.efi', version: '1', sha256: 'b'.repeat(64), sizeBytes: 10, path: '/y' };
  await artifacts.register(artifact);
  await artifacts.register(artifact);
  await expect(artifacts.register({ ...artifact, sha256: 'c'.repeat(64) })).rejects.toMatchObject({ code: 'name_taken' });
  expect((await artifacts.list({ limit: 5, after: null }, {})).items).toHaveLength(1);
});

test('a server that is not there is said to be not there', async () => {
  await expect(stock.inventory.servers.get('srv_none')).rejects.toMatchObject({ code: 'not_found' });
});
