// apps/boot: everything the boot services are made of, in the order it is made.
import { hostname } from 'node:os';
import type { OperationId } from '@rackwright/domain/ids.ts';
import { postgresUnknownServers } from '@rackwright/store/boot/dhcp-leases.ts';
import type { Database } from '@rackwright/store/database.ts';
import { postgresInventory } from '@rackwright/store/inventory/postgres-inventory.ts';
import type { EventListener } from '@rackwright/store/listen-for-events.ts';
import type { Keyring } from '@rackwright/store/secrets/keyring.ts';
import { bootHttpNeeds } from './boot-http-needs.ts';
import { agentFiles, bootLoaders, servedFiles } from './boot-loaders.ts';
import type { DhcpEvent } from './dhcp/dhcp-events.ts';
import { type DhcpServerOptions, serveDhcp } from './dhcp/serve-dhcp.ts';
import { bootMemory } from './feed/boot-memory.ts';
import { followStore } from './feed/follow-store.ts';
import type { BootLog } from './http/needs.ts';
import { startBootHttp } from './http/start-boot-http.ts';
import { followNetworks } from './networks.ts';
import { containsAddress } from './policies.ts';
import { noteStrangers, type Sightings } from './strangers.ts';
import { readBootFiles, resolveFrom } from './tftp/boot-files.ts';
import { serveTftp } from './tftp/serve-tftp.ts';
import { wakeWaiting } from './wake-waiting.ts';

export type BootConfig = {
  /** Ours on the provisioning network. */
  address: string;
  dhcpPort: number;
  tftpPort: number;
  httpPort: number;
  ipxeDir: string | undefined;
  agentDir: string | undefined;
  kernelArguments: readonly string[];
  imageDir: string;
  artifactDir: string;
};

export type BootNeeds = {
  database: Database;
  keyring: Keyring;
  listener: EventListener;
  wakeUp(operationId: OperationId): Promise<void>;
  log: BootLog;
};

export type Boot = { dhcpPort: number; tftpPort: number; httpPort: number; close(): Promise<void> };

const DHCP_PORT = 67;

export async function composeBoot(config: BootConfig, { database, keyring, listener, wakeUp, log }: BootNeeds): Promise<Boot> {
  const { address } = config;
  const onFault = (cause: unknown): void => log({ level: 'warn', event: 'boot_trouble', cause: String(cause) });
  const memory = bootMemory();
  const onKnown = wakeWaiting(memory, wakeUp, onFault);
  const following = await followStore(database, keyring, listener, memory, {
    replica: `${hostname()}/${process.pid}`,
    onKnown,
    onFault,
  });
  const own = { serverAddress: address, bootUrl: '' };
  const inventory = postgresInventory(database, keyring);
  const onFile = async () => (await inventory.networks.list({ limit: 500, after: null }, {})).items;
  const networks = await followNetworks(onFile, own, onFault);

  const strangers = postgresUnknownServers(database);
  const loaders = bootLoaders(config.ipxeDir);
  const bootFile = servedFiles({ ...loaders, ...(config.agentDir === undefined ? {} : agentFiles(config.agentDir)) });
  const { imageDir, artifactDir, kernelArguments } = config;
  const stores = { database, keyring, memory, imageDir, artifactDir };
  const needs = bootHttpNeeds({ ...stores, following, networks, strangers, bootFile, wakeUp, log });
  const http = await startBootHttp({ host: address, port: config.httpPort, kernelArguments, needs });
  // Only now is it known which port the servers are sent to.
  own.bootUrl = `http://${address}:${http.port}`;
  await networks.refresh();

  const sightings = noteStrangers(strangers.saw, onFault);
  const dhcp = await serveDhcp({
    ...dhcpPlace(address, config.dhcpPort),
    // Asked for each packet: the network may be put on file after we started.
    get localNetworkId() {
      return networks.all().find(({ subnet }) => containsAddress(subnet, address))?.networkId;
    },
    networks: networks.all,
    index: memory.index,
    now: () => Date.now(),
    onEvent: (event) => noteDhcpEvent(event, sightings, log),
    onFault,
  });
  const tftp = await serveTftp({
    listen: { address, port: config.tftpPort },
    resolve: resolveFrom(await readBootFiles(loaders)),
    now: () => performance.now(),
    onTransfer: (event) => log({ level: 'info', event: 'tftp', ...event }),
    onFault,
  });
  // Whoever waits for a boot service, or for the one that we replace.
  onKnown(memory.ticketed());

  return {
    dhcpPort: dhcp.ports.server,
    tftpPort: tftp.port,
    httpPort: http.port,
    async close() {
      await Promise.all([dhcp.close(), tftp.close(), http.close()]);
      sightings.close();
      networks.close();
      await following.close();
    },
  };
}

/** Broadcasts are heard on any address; a virtual rack's relays speak to ours alone, and need no privilege. */
function dhcpPlace(address: string, port: number): Pick<DhcpServerOptions, 'listen' | 'ports'> {
  if (port === DHCP_PORT) return { listen: { address: '0.0.0.0', localAddress: address } };
  return { listen: { address }, ports: { server: port, proxy: 0 } };
}

function noteDhcpEvent(event: DhcpEvent, sightings: Sightings, log: BootLog): void {
  if (event.kind === 'unknown_server_seen') return sightings.saw(event);
  if (event.kind !== 'boot_requested') return log({ level: 'warn', event: event.kind, mac: event.mac });
  const { serverId, stage, decision } = event;
  log({ level: 'info', event: 'boot_requested', serverId, stage, answer: decision.kind, reason: decision.reason });
}
