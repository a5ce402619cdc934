// One connection per cluster, opened at its first use and kept; opened anew when the cluster's record has changed.
import type { ClusterId } from '@rackwright/domain/ids.ts';
import { clusterAccess } from '@rackwright/kubernetes/cluster-access.ts';
import type { ClusterApi } from '@rackwright/kubernetes/cluster-api.ts';
import { connectCluster } from '@rackwright/kubernetes/connect-cluster.ts';
import { readKubeconfig } from '@rackwright/kubernetes/kubeconfig.ts';
import type { ConnectCluster } from '@rackwright/workflows/ports.ts';

export type ClusterAddress = { apiEndpoint: string; ca: string; credentials: string };

export type ClusterConnections = {
  /** The workflows' port. */
  connect: ConnectCluster;
  api(clusterId: ClusterId): Promise<ClusterApi>;
  close(): Promise<void>;
};

export type ClusterSource = {
  /** The cluster's address and its kubeconfig, unsealed. */
  read(clusterId: ClusterId): Promise<ClusterAddress>;
  /** A Node of a connected cluster changed; what waits for it may look. */
  onNode(clusterId: ClusterId, nodeName: string): Promise<void>;
};

/** What local storage and unmanaged pods lose, they lose: the disks are erased next. */
const DRAIN = { localStorage: 'evict', unmanaged: 'evict' } as const;

export function clusterConnections({ read, onNode }: ClusterSource): ClusterConnections {
  const open = new Map<ClusterId, { fingerprint: string; api: Promise<ClusterApi> }>();

  const connect = async (clusterId: ClusterId, { apiEndpoint, ca, credentials }: ClusterAddress): Promise<ClusterApi> => {
    const fresh = connectCluster({ ...readKubeconfig(credentials), server: apiEndpoint, ...(ca === '' ? {} : { caData: ca }) });
    try {
      // Once per connection, and harmless to repeat: without these bindings no token of ours can join anybody.
      await fresh.ensureBootstrapRbac();
    } catch (cause) {
      await fresh.close();
      throw cause;
    }
    // A whole list or a gap needs no wake-up: whoever waits looks every few seconds anyway.
    fresh.watchNodes((change) => (change.kind === 'changed' ? onNode(clusterId, change.node.name) : undefined));
    return fresh;
  };

  const api = async (clusterId: ClusterId): Promise<ClusterApi> => {
    const address = await read(clusterId);
    const fingerprint = JSON.stringify(address);
    const known = open.get(clusterId);
    if (known?.fingerprint === fingerprint) return known.api;
    const entry = { fingerprint, api: connect(clusterId, address) };
    open.set(clusterId, entry);
    if (known) await closeQuietly(known.api);
    try {
      return await entry.api;
    } catch (cause) {
      // Not kept: the next caller tries again.
      if (open.get(clusterId) === entry) open.delete(clusterId);
      throw cause;
    }
  };

  return {
    api,
    connect: async (clusterId) => clusterAccess(await api(clusterId), DRAIN),
    async close() {
      await Promise.all([...open.values()].map((one) => closeQuietly(one.api)));
    },
  };
}

async function closeQuietly(api: Promise<ClusterApi>): Promise<void> {
  const opened = await api.catch(() => undefined);
  await opened?.close();
}
