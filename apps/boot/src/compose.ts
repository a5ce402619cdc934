// apps/boot: everything the boot services are made of, in the order it is made.
import { hostname } from 'node:os';
import type { OperationId, ServerId, TicketId } from '@rackwright/domain/ids.ts';
import { artifactStore } from '@rackwright/images/artifact-store.ts';
import { imageStore } from '@rackwright/images/image-store.ts';
import { postgresAgentReports } from '@rackwright/store/boot/agent-reports.ts';
import { postgresUnknownServers } from '@rackwright/store/boot/dhcp-leases.ts';
import { postgresNodeSeeds } from '@rackwright/store/boot/node-seeds.ts';
import type { Database } from '@rackwright/store/database.ts';
import { postgresInventory } from '@rackwright/store/inventory/postgres-inventory.ts';
import type { EventListener } from '@rackwright/store/listen-for-events.ts';
import { derivedSecrets, discoveryKey } from '@rackwright/store/secrets/derived-secrets.ts';
import type { Keyring } from '@rackwright/store/secrets/keyring.ts';
import { readClusterAccess } from '@rackwright/store/secrets/stored-secrets.ts';
import { agentReports } from './agent-reports.ts';
import { agentFiles, bootLoaders, servedFiles } from './boot-loaders.ts';
import { serveDhcp } from './dhcp/serve-dhcp.ts';
import { bootMemory } from './feed/boot-memory.ts';
import { followStore } from './feed/follow-store.ts';
import type { BootLog } from './http/needs.ts';
import { startBootHttp } from './http/start-boot-http.ts';
import { followNetworks } from './networks.ts';
import { containsAddress, networkPolicy } from './policies.ts';
import { seedValues } from './seed-values.ts';
import { noteStrangers } from './strangers.ts';
import { readBootFiles, resolveFrom } from './tftp/boot-files.ts';
import { serveTftp } from './tftp/serve-tftp.ts';

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
  const onFault = (cause: unknown): void => log({ level: 'warn', event: 'boot_trouble', cause: String(cause) });
  const memory = bootMemory();
  const told = new Map<ServerId, TicketId>();
  const following = await followStore(database, keyring, listener, memory, {
    replica: `${hostname()}/${process.pid}`,
    onFault,
    // The operation that opened a ticket waits until we know it.
    onKnown(serverIds) {
      for (const serverId of serverIds) {
        const ticket = memory.record(serverId)?.ticket;
        if (!ticket) told.delete(serverId);
        else if (told.get(serverId) !== ticket.ticketId) {
          told.set(serverId, ticket.ticketId);
          wakeUp(ticket.operationId).catch(onFault);
        }
      }
    },
  });
  const nodes = postgresNodeSeeds(database);
  const strangers = postgresUnknownServers(database);
  const images = imageStore(config.imageDir);
  const artifacts = artifactStore(config.artifactDir);
  const seedNeeds = {
    installation: nodes.installation,
    cluster: (id: Parameters<typeof readClusterAccess>[2]) => readClusterAccess(database, keyring, id),
    artifacts,
    secrets: derivedSecrets(keyring),
  };
  const loaders = bootLoaders(config.ipxeDir);
  const files = servedFiles({ ...loaders, ...(config.agentDir === undefined ? {} : agentFiles(config.agentDir)) });
  const own = { serverAddress: config.address, bootUrl: '' };
  const inventory = postgresInventory(database, keyring);
  const networks = await followNetworks(
    async () => (await inventory.networks.list({ limit: 500, after: null }, {})).items,
    own,
    onFault,
  );

  const http = await startBootHttp({
    host: config.address,
    port: config.httpPort,
    kernelArguments: config.kernelArguments,
    needs: {
      now: () => Date.now(),
      index: memory.index,
      tickets: memory.tickets,
      networkOf: (address) => networkPolicy(networks.all(), address),
      reports: agentReports({ reports: postgresAgentReports(database), memory, following, strangers, seedNeeds }),
      seeds: {
        current: (serverId) => seedValues(seedNeeds, serverId, {}),
        claimUserData: nodes.claimUserData,
        phonedHome: nodes.phonedHome,
      },
      files: {
        bootFile: files,
        artifact: async (name) => {
          const found = await artifacts.stat(name).catch(() => undefined);
          return found && { path: found.path, contentType: 'application/octet-stream', sha256: found.sha256 };
        },
        manifest: async (digest) => {
          const found = await images.manifest(digest).catch(() => undefined);
          return found && { path: found.path, contentType: 'text/plain' };
        },
        chunk: async (digest, chunk) => {
          const found = await images.chunk(digest, chunk).catch(() => undefined);
          return found && { path: found.path, contentType: 'application/octet-stream' };
        },
      },
      async wakeUp(serverId) {
        const operationId = memory.record(serverId)?.ticket?.operationId;
        if (operationId !== undefined) await wakeUp(operationId);
      },
      discoveryKey: discoveryKey(keyring),
      log,
    },
  });
  // Only now is it known which port the servers are sent to.
  own.bootUrl = `http://${config.address}:${http.port}`;
  await networks.refresh();

  const sightings = noteStrangers(strangers.saw, onFault);
  const privileged = config.dhcpPort === DHCP_PORT;
  const dhcp = await serveDhcp({
    // Broadcasts are heard on any address; a virtual rack's relays speak to ours alone.
    listen: privileged ? { address: '0.0.0.0', localAddress: config.address } : { address: config.address },
    ports: privileged ? {} : { server: config.dhcpPort, proxy: 0 },
    // Asked for each packet: the network may be put on file after we started.
    get localNetworkId() {
      return networks.all().find(({ subnet }) => containsAddress(subnet, config.address))?.networkId;
    },
    networks: networks.all,
    index: memory.index,
    now: () => Date.now(),
    onEvent: (event) => {
      if (event.kind === 'unknown_server_seen') sightings.saw(event);
      else if (event.kind === 'boot_requested')
        log({
          level: 'info',
          event: 'boot_requested',
          serverId: event.serverId,
          stage: event.stage,
          answer: event.decision.kind,
          reason: event.decision.reason,
        });
      else log({ level: 'warn', event: event.kind, mac: event.mac });
    },
    onFault,
  });
  const tftp = await serveTftp({
    listen: { address: config.address, port: config.tftpPort },
    resolve: resolveFrom(await readBootFiles(loaders)),
    now: () => performance.now(),
    onTransfer: (event) => log({ level: 'info', event: 'tftp', ...event }),
    onFault,
  });

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
