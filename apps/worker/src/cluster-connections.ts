// One connection per cluster, opened at its first use and kept; opened anew when the cluster's record has changed.
import type { ClusterId } from '@rackwright/domain/ids.ts';
import { clusterAccess } from '@rackwright/kubernetes/cluster-access.ts';
import type { ClusterApi } from '@rackwright/kubernetes/cluster-api.ts';
import { connectCluster } from '@rackwright/kubernetes/connect-cluster.ts';
import { readKubeconfig } from '@rackwright/kubernetes/kubeconfig.ts';
import type { ConnectCluster } from '@rackwright/workflows/ports.ts';

export type ClusterAddress = { apiEndpoint: string; ca: string; credentials: string };

export type ClusterConnections = { connect: ConnectCluster; close(): Promise<void> };

/** What local storage and unmanaged pods lose, they lose: the disks are erased next. */
const DRAIN = { localStorage: 'evict', unmanaged: 'evict' } as const;

/** @param read  the cluster's address and its kubeconfig, unsealed */
export function clusterConnections(read: (clusterId: ClusterId) => Promise<ClusterAddress>): ClusterConnections {
  const open = new Map<ClusterId, { fingerprint: string; api: ClusterApi }>();
  return {
    async connect(clusterId) {
      const { apiEndpoint, ca, credentials } = await read(clusterId);
      const fingerprint = JSON.stringify([apiEndpoint, ca, credentials]);
      const known = open.get(clusterId);
      if (known?.fingerprint === fingerprint) return clusterAccess(known.api, DRAIN);
      const api = connectCluster({ ...readKubeconfig(credentials), server: apiEndpoint, ...(ca === '' ? {} : { caData: ca }) });
      // Once per connection, and harmless to repeat: without these bindings no token of ours can join anybody.
      await api.ensureBootstrapRbac().catch(async (cause: unknown) => {
        await api.close();
        throw cause;
      });
      const replaced = open.get(clusterId);
      open.set(clusterId, { fingerprint, api });
      await replaced?.api.close();
      return clusterAccess(api, DRAIN);
    },
    async close() {
      await Promise.all([...open.values()].map(({ api }) => api.close()));
    },
  };
}
