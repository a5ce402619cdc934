// A site with a rack, a network and as many servers as a test wants, put on file the way the API does it.
import { randomBytes } from 'node:crypto';
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import { makeId, type NetworkId, type OperationId, type RackId, type ServerId, type SiteId } from '@rackwright/domain/ids.ts';
import type { ServerState } from '@rackwright/domain/server-lifecycle/table.ts';
import type { Database } from '@rackwright/store/database.ts';
import { type Inventory, postgresInventory } from '@rackwright/store/inventory/postgres-inventory.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { beginOperation, type BeginOperation } from '@rackwright/store/operations/begin-operation.ts';
import { makeKeyring } from '@rackwright/store/secrets/keyring.ts';
import type { NewServer } from '@rackwright/store/servers/insert-servers.ts';
import { inTransaction } from '@rackwright/store/transaction.ts';

export const TEST_KEYRING = makeKeyring({ id: 'test', bytes: new Uint8Array(32).fill(7) });

export type Stock = {
  inventory: Inventory;
  siteId: SiteId;
  rackId: RackId;
  networkId: NetworkId;
  newServer(change?: Partial<NewServer>): NewServer;
  addServer(change?: Partial<NewServer>): Promise<ServerId>;
  /** Straight into a state, past the table: to test what begins there. */
  addServerIn(state: ServerState, change?: Partial<NewServer>): Promise<ServerId>;
  begin(serverId: ServerId, event: BeginOperation['event'], params?: Record<string, unknown>): Promise<OperationId>;
};

export async function stockInventory(database: Database): Promise<Stock> {
  const inventory = postgresInventory(database, TEST_KEYRING);
  const tag = randomBytes(3).toString('hex');
  let made = 0;
  const site = await inventory.sites.create(newId('site'), { name: `site-${tag}` });
  const rack = await inventory.racks.create(newId('rack'), {
    siteId: site.id,
    name: 'R1',
    heightU: 42,
    powerFeeds: [
      { name: 'A', amps: 16 },
      { name: 'B', amps: 16 },
    ],
    switches: [{ name: 'tor-1', managementAddress: '10.0.0.2' }],
  });
  const network = await inventory.networks.create(newId('network'), {
    siteId: site.id,
    name: 'provisioning',
    cidr: '10.77.0.0/24',
    gateway: '10.77.0.1',
    dns: ['10.77.0.2'],
    domain: 'lab.example',
    ntp: [],
    dhcp: 'pool',
    poolFirst: '10.77.0.200',
    poolLast: '10.77.0.250',
  });

  const newServer = (change: Partial<NewServer> = {}): NewServer => {
    const n = ++made;
    const mac = `52:54:00:${tag.slice(0, 2)}:${tag.slice(2, 4)}:${n.toString(16).padStart(2, '0')}`;
    return {
      name: `${tag}-u${n}`,
      assetTag: null,
      serial: `SN-${tag}-${n}`,
      siteId: site.id,
      rackId: rack.id,
      uPosition: null,
      uHeight: 1,
      face: 'front',
      firmwareMode: 'uefi',
      nics: [{ mac, name: 'eth0', boot: true }],
      networkId: network.id,
      address: null,
      bmc: { protocol: 'redfish', address: `https://bmc-${tag}-${n}.example` },
      bmcCredentials: { username: 'admin', password: `secret-of-${tag}-${n}` },
      labels: {},
      ...change,
    };
  };
  const addServer = async (change: Partial<NewServer> = {}) => {
    const { id } = await inventory.servers.create(newId('server'), newServer(change));
    return id;
  };
  return {
    inventory,
    siteId: site.id,
    rackId: rack.id,
    networkId: network.id,
    newServer,
    addServer,
    async addServerIn(state, change = {}) {
      const id = await addServer(change);
      await database.query('update servers set state = $2::server_state where id = $1', [id, state]);
      return id;
    },
    async begin(serverId, event, params = {}) {
      const id = makeId('operation', Date.now(), randomBytes(10));
      const request = { serverId, event, params, requestedBy: 'test', reason: '' };
      await inTransaction(database, (tx) => beginOperation(tx, id, request));
      return id;
    },
  };
}

/** What an agent would count in a server with these disks. */
export function inspectionWith(diskSerials: readonly string[]): Inspection {
  return {
    agentVersion: '1',
    firmwareMode: 'uefi',
    system: { manufacturer: 'QEMU', product: 'q35', serial: 'SN-1', uuid: '', assetTag: '', biosVersion: '' },
    cpu: { model: 'x', sockets: 1, cores: 2, threads: 2, architecture: 'x86_64' },
    memoryBytes: 2 ** 30,
    memoryModules: [],
    disks: diskSerials.map((serial, i) => ({
      name: `sd${i}`,
      serial,
      wwn: '',
      model: '',
      sizeBytes: 2 ** 32,
      rotational: false,
      kind: 'ssd',
    })),
    nics: [],
  };
}
