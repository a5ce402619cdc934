// Fits the store, the memory and the kept files to what the HTTP side needs.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { OperationId } from '@rackwright/domain/ids.ts';
import { artifactStore } from '@rackwright/images/artifact-store.ts';
import { imageStore } from '@rackwright/images/image-store.ts';
import { postgresAgentReports } from '@rackwright/store/boot/agent-reports.ts';
import { postgresNodeSeeds } from '@rackwright/store/boot/node-seeds.ts';
import type { Database } from '@rackwright/store/database.ts';
import { derivedSecrets, discoveryKey } from '@rackwright/store/secrets/derived-secrets.ts';
import type { Keyring } from '@rackwright/store/secrets/keyring.ts';
import { readClusterAccess } from '@rackwright/store/secrets/stored-secrets.ts';
import { type AgentReportParts, agentReports } from './agent-reports.ts';
import type { BootHttpNeeds, BootLog, ServedFiles } from './http/needs.ts';
import type { Networks } from './networks.ts';
import { networkPolicy } from './policies.ts';
import { type SeedNeeds, seedValues } from './seed-values.ts';

export type BootHttpParts = Pick<AgentReportParts, 'memory' | 'following' | 'strangers'> & {
  database: Database;
  keyring: Keyring;
  networks: Networks;
  bootFile: ServedFiles['bootFile'];
  imageDir: string;
  artifactDir: string;
  wakeUp(operationId: OperationId): Promise<void>;
  log: BootLog;
};

export function bootHttpNeeds(parts: BootHttpParts): BootHttpNeeds {
  const { database, keyring, memory, following, strangers, networks, bootFile, wakeUp, log } = parts;
  const nodes = postgresNodeSeeds(database);
  const artifacts = artifactStore(parts.artifactDir);
  const seedNeeds: SeedNeeds = {
    installation: nodes.installation,
    cluster: (clusterId) => readClusterAccess(database, keyring, clusterId),
    artifacts,
    secrets: derivedSecrets(keyring),
  };
  return {
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
    files: { bootFile, ...keptFiles(artifacts, imageStore(parts.imageDir)) },
    async wakeUp(serverId) {
      const operationId = memory.record(serverId)?.ticket?.operationId;
      if (operationId !== undefined) await wakeUp(operationId);
    },
    discoveryKey: discoveryKey(keyring),
    log,
  };
}

function keptFiles(
  artifacts: ReturnType<typeof artifactStore>,
  images: ReturnType<typeof imageStore>,
): Omit<ServedFiles, 'bootFile'> {
  return {
    async artifact(name) {
      const found = await unlessRefused(artifacts.stat(name));
      return found && { path: found.path, contentType: 'application/octet-stream', sha256: found.sha256 };
    },
    async manifest(digest) {
      const found = await unlessRefused(images.manifest(digest));
      return found && { path: found.path, contentType: 'text/plain' };
    },
    async chunk(digest, chunk) {
      const found = await unlessRefused(images.chunk(digest, chunk));
      return found && { path: found.path, contentType: 'application/octet-stream' };
    },
  };
}

/** A name that can be nobody's is not there; a disk that fails is trouble, and the agent comes again. */
async function unlessRefused<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (thrown) {
    if (thrown instanceof Refusal) return undefined;
    throw thrown;
  }
}
