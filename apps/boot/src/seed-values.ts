// What a server's seed says, put together from the store when it is read: it holds the bootstrap token, so it is kept nowhere.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { ClusterId, OperationId, ServerId } from '@rackwright/domain/ids.ts';
import { podRangeOf } from '@rackwright/domain/pod-range.ts';
import type { NodeNetwork } from '@rackwright/documents/cloud-init/network-config.ts';
import type { ClusterMembership } from '@rackwright/documents/cloud-init/node-files.ts';
import type { PodNetwork } from '@rackwright/documents/kubernetes/cni-config.ts';
import { parseKubernetesVersion } from '@rackwright/documents/kubernetes/kubernetes-version.ts';
import type { artifactStore } from '@rackwright/images/artifact-store.ts';
import type { Installation, postgresNodeSeeds } from '@rackwright/store/boot/node-seeds.ts';
import type { ClusterCredentials } from '@rackwright/store/secrets/stored-secrets.ts';
import type { Secrets } from '@rackwright/workflows/ports.ts';
import type { SeedValues } from './http/needs.ts';

export type SeedNeeds = {
  installation: ReturnType<typeof postgresNodeSeeds>['installation'];
  cluster(clusterId: ClusterId): Promise<ClusterCredentials>;
  artifacts: Pick<ReturnType<typeof artifactStore>, 'stat'>;
  secrets: Secrets;
};

/** The programs a node fetches at first boot, where the store has them. The first must be there. */
const PROGRAMS = ['kubelet', 'kubeadm'] as const;

/** @param labels  those the workflow wants from the first registration on */
export async function seedValues(
  needs: SeedNeeds,
  serverId: ServerId,
  labels: Record<string, string>,
): Promise<SeedValues | undefined> {
  const installed = await needs.installation(serverId);
  if (!installed || installed.mac === null) return undefined;
  const { instanceId, nodeName, address } = installed;
  return {
    serverId,
    instanceId,
    hostname: nodeName,
    network: nodeNetwork(installed, installed.mac),
    ...(address === null ? {} : { nodeAddress: address }),
    sshKeys: [],
    ...(installed.clusterId === null
      ? {}
      : { cluster: await membership(needs, installed, installed.clusterId, instanceId, labels) }),
  };
}

function nodeNetwork({ network, address }: Installation, mac: string): NodeNetwork {
  if (!network || address === null) return { kind: 'dhcp', mac };
  const prefix = network.cidr.split('/')[1] ?? '24';
  const gateway = network.gateway === null ? {} : { gateway: network.gateway };
  return { kind: 'static', mac, address: `${address}/${prefix}`, ...gateway, nameServers: network.dns };
}

async function membership(
  { cluster, artifacts, secrets }: SeedNeeds,
  installed: Installation,
  clusterId: ClusterId,
  operationId: OperationId,
  labels: Record<string, string>,
): Promise<ClusterMembership> {
  const { apiEndpoint, ca, kubernetesVersion, settings } = await cluster(clusterId);
  const version = parseKubernetesVersion(kubernetesVersion);
  if (!version) throw new Refusal('kubernetes_version_unusable', { kubernetesVersion });
  const wanted = PROGRAMS.map((program) => ({ program, name: `${program}/v${version.major}.${version.minor}.${version.patch}` }));
  const found = await Promise.all(wanted.map(async ({ program, name }) => ({ program, name, file: await artifacts.stat(name) })));
  const present = found.flatMap(({ program, name, file }) => (file ? [{ program, name, sha256: file.sha256 }] : []));
  if (present[0]?.program !== 'kubelet') throw new Refusal('artifact_unknown', { name: wanted[0]?.name ?? '' });
  const { clusterDns, clusterDomain } = settings as { clusterDns?: string[]; clusterDomain?: string };
  return {
    version,
    apiServerUrl: apiEndpoint,
    caPem: ca,
    token: secrets.bootstrapToken(operationId),
    clusterDns: clusterDns ?? [],
    ...(clusterDomain === undefined ? {} : { clusterDomain }),
    podNetwork: podNetwork(settings, installed),
    labels,
    artifacts: present,
  };
}

/** `settings.podNetwork`: `{ "kind": "bridge" | "ptp", "cidr": "10.244.0.0/16" }`; anything else, and a DaemonSet brings its own. */
function podNetwork(settings: Record<string, unknown>, { network, address }: Installation): PodNetwork {
  const wanted = settings['podNetwork'] as { kind?: string; cidr?: string } | undefined;
  if ((wanted?.kind !== 'bridge' && wanted?.kind !== 'ptp') || wanted.cidr === undefined || !network || address === null)
    return { kind: 'external' };
  const podCidr = podRangeOf(wanted.cidr, network.cidr, address);
  if (podCidr === undefined) throw new Refusal('pod_network_too_small', { cidr: wanted.cidr, address });
  return { kind: wanted.kind, podCidr };
}
