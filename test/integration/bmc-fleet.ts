// A fleet of simulated BMCs on real sockets, some of them in every kind of trouble, and their servers on file.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { BmcCredentials, BmcEndpoint, BmcProtocol } from '@rackwright/domain/bmc.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { ServerState } from '@rackwright/domain/server-lifecycle/table.ts';
import type { Database } from '@rackwright/store/database.ts';
import { postgresInventory } from '@rackwright/store/inventory/postgres-inventory.ts';
import { newId } from '@rackwright/store/new-id.ts';
import type { Keyring } from '@rackwright/store/secrets/keyring.ts';
import { insertServers } from '@rackwright/store/servers/insert-servers.ts';
import { inTransaction } from '@rackwright/store/transaction.ts';
import { type SimulatedChassis, simulatedChassis } from '@rackwright/virtual-rack-app/chassis.ts';
import { startIpmiServer } from '@rackwright/virtual-rack-app/ipmi/start-ipmi-server.ts';
import { startRedfishServer } from '@rackwright/virtual-rack-app/redfish/start-redfish-server.ts';
import type { Traffic } from '@rackwright/virtual-rack-app/traffic.ts';

/** `refusing`: nobody listens. `silent`: takes what comes and never answers. `slow`: answers late. `forbidding`: another password. */
export type BmcKind = 'well' | 'refusing' | 'silent' | 'slow' | 'forbidding';

export type FleetMember = { serial: string; kind: BmcKind; endpoint: BmcEndpoint; credentials: BmcCredentials };
export type SimulatedBmc = FleetMember & {
  /** Of those that have one. */
  chassis: SimulatedChassis | undefined;
  traffic(): Traffic;
  sessions(): number;
};
export type Fleet = { bmcs: SimulatedBmc[]; close(): Promise<void> };

const CREDENTIALS: BmcCredentials = { username: 'root', password: 'rackwright' };
const STARTED_AT_ONCE = 100;
const QUIET: Traffic = { requests: 0, mostAtOnce: 0, mostSessions: 0 };

/** Every second speaks Redfish, the others IPMI. */
export async function startFleet(size: number, kindOf: (n: number) => BmcKind, slowMs = 300): Promise<Fleet> {
  const closers: (() => Promise<void>)[] = [];
  const bmcs: SimulatedBmc[] = [];
  for (let first = 0; first < size; first += STARTED_AT_ONCE) {
    const numbers = Array.from({ length: Math.min(STARTED_AT_ONCE, size - first) }, (_, n) => first + n);
    bmcs.push(...(await Promise.all(numbers.map((n) => startBmc(n, kindOf(n), slowMs, closers)))));
  }
  const close = async (): Promise<void> => void (await Promise.all(closers.map((one) => one())));
  return { bmcs, close };
}

async function startBmc(n: number, kind: BmcKind, slowMs: number, closers: (() => Promise<void>)[]): Promise<SimulatedBmc> {
  const serial = `FLEET-${String(n).padStart(5, '0')}`;
  const protocol: BmcProtocol = n % 2 === 0 ? 'redfish' : 'ipmi';
  const known = { serial, kind, credentials: CREDENTIALS };
  if (kind === 'refusing') {
    // An address of our own machine at which nobody listens.
    const host = `127.200.${n >> 8}.${n & 255}`;
    return { ...known, endpoint: endpointAt(protocol, host, 9), chassis: undefined, traffic: () => QUIET, sessions: () => 0 };
  }
  if (kind === 'silent') {
    const { port, asked, close } = protocol === 'redfish' ? await silentTcp() : await silentUdp();
    closers.push(close);
    return {
      ...known,
      endpoint: endpointAt(protocol, '127.0.0.1', port),
      chassis: undefined,
      traffic: () => ({ ...QUIET, requests: asked() }),
      sessions: () => 0,
    };
  }
  const chassis = chassisOf(serial);
  if (kind === 'slow') chassis.faults.add({ match: '.', delayMs: slowMs });
  const wishes = { host: '127.0.0.1', port: 0, credentials: CREDENTIALS, chassis };
  const server = protocol === 'redfish' ? await startRedfishServer(wishes) : await startIpmiServer(wishes);
  closers.push(() => server.close());
  const credentials = kind === 'forbidding' ? { ...CREDENTIALS, password: 'mistyped' } : CREDENTIALS;
  const { sessions, traffic } = server;
  return { ...known, credentials, endpoint: endpointAt(protocol, '127.0.0.1', server.port), chassis, traffic, sessions };
}

function endpointAt(protocol: BmcProtocol, host: string, port: number): BmcEndpoint {
  return protocol === 'redfish' ? { protocol, address: `http://${host}:${port}` } : { protocol, address: host, port };
}

function chassisOf(serial: string): SimulatedChassis {
  const nothing = (): void => {};
  return simulatedChassis(
    {
      identity: {
        vendor: 'Rackwright',
        model: 'RW-1',
        serial,
        uuid: '6f1c4d0e-5a65-4b53-9c39-0d1f8e6a0001',
        assetTag: '',
        bmcFirmware: '1',
        biosVersion: '1',
      },
      hardware: { cpus: [], memory: [], nics: [], disks: [] },
      power: 'on',
    },
    { onPowerOn: nothing, onPowerOff: nothing, onReset: nothing },
  );
}

/** `asked`: how many connections, or datagrams, came. */
type Silent = { port: number; asked(): number; close(): Promise<void> };

async function silentTcp(): Promise<Silent> {
  const sockets = new Set<Socket>();
  let asked = 0;
  const server = createServer((socket) => {
    asked += 1;
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    asked: () => asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function silentUdp(): Promise<Silent> {
  const socket = createSocket('udp4');
  let asked = 0;
  socket.on('message', () => (asked += 1));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    asked: () => asked,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** Straight into a state, past the table. @returns their ids, in the same order */
export async function putOnFile(
  database: Database,
  keyring: Keyring,
  members: readonly FleetMember[],
  state: ServerState = 'in_service',
): Promise<ServerId[]> {
  const site = await postgresInventory(database, keyring).sites.create(newId('site'), {
    name: `fleet-${newId('site').slice(-8)}`,
  });
  const servers = members.map(({ serial, endpoint, credentials }) => ({
    id: newId('server'),
    name: serial.toLowerCase(),
    assetTag: null,
    serial,
    siteId: site.id,
    rackId: null,
    uPosition: null,
    uHeight: 1,
    face: 'front' as const,
    firmwareMode: 'uefi' as const,
    nics: [],
    networkId: null,
    address: null,
    bmc: endpoint,
    bmcCredentials: credentials,
    labels: {},
  }));
  for (let first = 0; first < servers.length; first += 500)
    await inTransaction(database, (tx) => insertServers(tx, keyring, servers.slice(first, first + 500)));
  const ids = servers.map(({ id }) => id);
  await database.query('update servers set state = $2::server_state where id = any($1)', [ids, state]);
  return ids;
}
