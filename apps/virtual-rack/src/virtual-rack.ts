// Racks of simulated servers, each behind a BMC that speaks real Redfish or IPMI: what `npm start` shows and what tests run against.
import type { BmcCredentials, BmcEndpoint, BmcProtocol, FirmwareMode } from '@rackwright/domain/bmc.ts';
import { openSockets, type Sockets } from '@rackwright/kubernetes/http/connection.ts';
import { type AccountRules, type BmcAccount, bmcAccount } from './bmc-account.ts';
import type { SimulatedChassis } from './chassis.ts';
import type { Journal } from './journal.ts';
import { startIpmiServer } from './ipmi/start-ipmi-server.ts';
import { makeKubeletKeys } from './kubernetes-api/certificate-requests.ts';
import { type MachineSpec, machineSpec } from './machines/machine-spec.ts';
import type { MachineWorld } from './machines/machine-world.ts';
import { type PaceSettings, paceOf } from './machines/pace.ts';
import { rackRelay } from './machines/rack-relay.ts';
import { sendPacer } from './machines/send-pacer.ts';
import { type SimulatedMachine, simulatedMachine } from './machines/simulated-machine.ts';
import { type WebClient, webClient } from './machines/web-client.ts';
import type { OpenSession, RequestsSince } from './open-session.ts';
import { startRedfishServer } from './redfish/start-redfish-server.ts';
import type { Traffic } from './traffic.ts';

export type VirtualRackSettings = {
  servers: number;
  /** Where the boot app listens. What else servers need they learn from its DHCP. */
  boot: { dhcp: { address: string; port: number }; tftpPort: number };
  /** Loopback address of a rack's DHCP relay, by the rack's number from 0. On the servers' network, unless `linkSelection` names that. */
  relayAddress?: (rack: number) => string;
  /** Asked for each packet at a rack's relay, by the rack's number from 0: true loses it. */
  loses?: (rack: number) => boolean;
  /** Told of power, BMC requests and disk writes as they happen. */
  journal?: Journal;
  /** An address of the servers' network. */
  linkSelection?: string;
  pace?: PaceSettings;
  bmc?: {
    host?: string;
    /** By the server's number from 0; 0, any free one, unless told. */
    port?: (server: number) => number;
    protocol?: (server: number) => BmcProtocol;
    credentials?: BmcCredentials;
    account?: AccountRules;
    /** PEM; without it Redfish speaks plain HTTP. */
    tls?: { key: string; cert: string };
  };
  firmwareMode?: (server: number) => FirmwareMode;
  /** Last word on a server's parts. */
  change?: (spec: MachineSpec, server: number) => MachineSpec;
  machines?: Partial<Pick<MachineWorld, 'tftpBlocks' | 'chunkSample' | 'largestArtifact' | 'kubelet'>>;
};

/** Enough to register it by the API, and the handles to it. */
export type VirtualServer = {
  name: string;
  serial: string;
  assetTag: string;
  rack: string;
  u: number;
  macs: string[];
  firmwareMode: FirmwareMode;
  bmc: BmcEndpoint;
  /** Those it began with. */
  credentials: BmcCredentials;
  /** Its BMC's account as it is now. */
  account: BmcAccount;
  spec: MachineSpec;
  chassis: SimulatedChassis;
  machine: SimulatedMachine;
  /** How many sessions its BMC holds open. */
  bmcSessions(): number;
  bmcTraffic(): Traffic;
  openBmcSessions(): OpenSession[];
  /** Its BMC forgets them, as one that restarts does. */
  dropBmcSessions(): RequestsSince;
};

export type VirtualRack = {
  servers: readonly VirtualServer[];
  /** The switch of a rack, by its name, dies or comes back: its kubelets reach nobody, its DHCP is lost; its BMCs go on answering. */
  cutSwitch(rack: string, cut: boolean): void;
  close(): Promise<void>;
};

type Closer = () => Promise<void> | void;

const SERVERS_PER_RACK = 40;
const MOST_SERVERS = 10_000;
const STARTED_AT_ONCE = 50;
const CREDENTIALS: BmcCredentials = { username: 'root', password: 'rackwright' };

/** Ends when every BMC listens; all servers are off. Throws RangeError for more than 10,000 servers, rejects when a port is taken. */
export async function startVirtualRack(settings: VirtualRackSettings): Promise<VirtualRack> {
  if (settings.servers > MOST_SERVERS) throw new RangeError(`at most ${MOST_SERVERS} simulated servers in one process`);
  const closers: Closer[] = [];
  const close = async () => {
    const reversed = closers.splice(0).toReversed();
    for (let at = 0; at < reversed.length; at += STARTED_AT_ONCE) {
      await Promise.all(reversed.slice(at, at + STARTED_AT_ONCE).map(async (one) => one()));
    }
  };
  try {
    const web = webClient();
    closers.push(() => web.close());
    // For all clusters that speak plain HTTP; the address only stands in for one.
    const sockets = openSockets({ server: 'http://127.0.0.1', credentials: { kind: 'none' } });
    closers.push(async () => void (await Promise.all([sockets.calls.destroy(), sockets.watches.destroy()])));
    const cut = new Set<string>();
    const worlds = await rackWorlds(settings, { web, sockets, cut }, closers);
    const servers: VirtualServer[] = [];
    for (let first = 0; first < settings.servers; first += STARTED_AT_ONCE) {
      const numbers = Array.from({ length: Math.min(STARTED_AT_ONCE, settings.servers - first) }, (_, at) => first + at);
      servers.push(...(await Promise.all(numbers.map((n) => startServer(settings, worlds, n, closers)))));
    }
    const cutSwitch = (rack: string, dead: boolean): void => {
      if (dead) cut.add(rack);
      else cut.delete(rack);
    };
    return { servers, cutSwitch, close };
  } catch (cause) {
    await close();
    throw cause;
  }
}

async function rackWorlds(
  settings: VirtualRackSettings,
  { web, sockets, cut }: { web: WebClient; sockets: Sockets /** Racks whose switch is dead. */; cut: ReadonlySet<string> },
  closers: Closer[],
) {
  const { boot, machines = {}, linkSelection, loses, journal, relayAddress = (rack) => `127.77.255.${rack + 1}` } = settings;
  const pace = paceOf(settings.pace ?? { factor: 0 });
  // One pair of keys for all: making one costs more than everything else a simulated kubelet does.
  const kubelet = { keys: await makeKubeletKeys(), sockets, ...machines.kubelet };
  const pacer = sendPacer();
  const worlds: MachineWorld[] = [];
  for (let n = 0; n * SERVERS_PER_RACK < settings.servers; n++) {
    const rack = rackName(n);
    const relay = await rackRelay({
      address: relayAddress(n),
      rack,
      server: boot.dhcp,
      pacer,
      ...(linkSelection === undefined ? {} : { linkSelection }),
      loses: () => cut.has(rack) || (loses?.(n) ?? false),
    });
    closers.push(() => relay.close());
    worlds.push({
      rack,
      relay,
      cutOff: () => cut.has(rack),
      ...(journal ? { journal } : {}),
      web,
      pace,
      tftpPort: boot.tftpPort,
      tftpBlocks: machines.tftpBlocks ?? 8,
      chunkSample: machines.chunkSample ?? 1,
      largestArtifact: machines.largestArtifact ?? 1_000_000,
      kubelet,
    });
  }
  return worlds;
}

async function startServer(
  settings: VirtualRackSettings,
  worlds: readonly MachineWorld[],
  n: number,
  closers: Closer[],
): Promise<VirtualServer> {
  const rackNumber = Math.floor(n / SERVERS_PER_RACK);
  const world = worlds[rackNumber];
  if (!world) throw new Error(`no rack ${rackNumber}`);
  const u = (n % SERVERS_PER_RACK) + 1;
  const name = `${world.rack}-u${String(u).padStart(2, '0')}`;
  const firmwareMode = settings.firmwareMode?.(n) ?? 'uefi';
  const plain = machineSpec(n, { name, rack: world.rack, u, firmwareMode });
  const spec = settings.change?.(plain, n) ?? plain;
  const machine = simulatedMachine(spec, world);
  const credentials = settings.bmc?.credentials ?? CREDENTIALS;
  const account = bmcAccount(credentials, settings.bmc?.account);
  const access = { credentials, account };
  const { endpoint, sessions, openSessions, traffic, dropSessions, close } = await startBmc(settings, n, machine.chassis, access);
  closers.push(async () => {
    // In this order: nobody may power it on any more when its machine goes.
    await close();
    await machine.close();
  });
  const { serial, assetTag } = spec.identity;
  const macs = spec.nics.map(({ mac }) => mac);
  return {
    name,
    serial,
    assetTag,
    rack: world.rack,
    u,
    macs,
    firmwareMode: spec.firmwareMode,
    bmc: endpoint,
    credentials,
    account,
    spec,
    chassis: machine.chassis,
    machine,
    bmcSessions: sessions,
    openBmcSessions: openSessions,
    bmcTraffic: traffic,
    dropBmcSessions: dropSessions,
  };
}

async function startBmc(
  settings: VirtualRackSettings,
  n: number,
  chassis: SimulatedChassis,
  access: { credentials: BmcCredentials; account: BmcAccount },
) {
  const { host = '127.0.0.1', tls } = settings.bmc ?? {};
  const port = settings.bmc?.port?.(n) ?? 0;
  const protocol = settings.bmc?.protocol?.(n) ?? (n % 2 === 0 ? 'redfish' : 'ipmi');
  if (protocol === 'ipmi') {
    const server = await startIpmiServer({ host, port, ...access, chassis });
    const endpoint = { protocol, address: host, port: server.port } satisfies BmcEndpoint;
    return { endpoint, ...server };
  }
  const server = await startRedfishServer({ host, port, ...access, chassis, ...(tls ? { tls } : {}) });
  const endpoint = { protocol, address: server.url } satisfies BmcEndpoint;
  return { endpoint, ...server };
}

function rackName(n: number): string {
  return `r${String(n + 1).padStart(2, '0')}`;
}
