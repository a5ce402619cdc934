// One connection per cluster, opened at its first use and kept; opened anew when the cluster's record has changed.
import { seconds } from '@rackwright/domain/durations.ts';
import type { ClusterId } from '@rackwright/domain/ids.ts';
import { clusterAccess } from '@rackwright/kubernetes/cluster-access.ts';
import type { ClusterApi, NodeChange } from '@rackwright/kubernetes/cluster-api.ts';
import { connectCluster } from '@rackwright/kubernetes/connect-cluster.ts';
import { EVERYTHING_GOES } from '@rackwright/kubernetes/drain/policies.ts';
import { readKubeconfig } from '@rackwright/kubernetes/kubeconfig.ts';
import type { NodeSeen } from '@rackwright/domain/node-alarms/compare-nodes.ts';
import type { ConnectCluster } from '@rackwright/workflows/ports.ts';
import { type NodeList, nodeList, type NodesInSight, seenNode } from './node-watch/node-list.ts';

export type ClusterAddress = { apiEndpoint: string; ca: string; credentials: string };

export type ClusterConnections = {
  /** The workflows' port. */
  connect: ConnectCluster;
  api(clusterId: ClusterId): Promise<ClusterApi>;
  /** All its Nodes as the watch tells of them. */
  sight(clusterId: ClusterId): Promise<NodesInSight>;
  /** All its Nodes, by the watch where that sees; else asked for. Faults as those of `ClusterApi`. */
  nodes(clusterId: ClusterId): Promise<NodeSeen[]>;
  /** As the API server says it at this moment. */
  node(clusterId: ClusterId, name: string): Promise<NodeSeen | undefined>;
  close(): Promise<void>;
};

export type ClusterSource = {
  /** The cluster's address and its kubeconfig, unsealed. */
  read(clusterId: ClusterId): Promise<ClusterAddress>;
  /** What the watch of a connected cluster tells: every Node, every change, and that it sees nothing. */
  onChange(clusterId: ClusterId, change: NodeChange): Promise<void>;
};

/** A cluster's record is read again after this long: a changed address or credential is in force within it. */
const READ_AGAIN_MS = seconds(1);

export function clusterConnections({ read: readNow, onChange }: ClusterSource): ClusterConnections {
  const read = shared(readNow, READ_AGAIN_MS);
  const open = new Map<ClusterId, { fingerprint: string; api: Promise<ClusterApi>; list: NodeList }>();

  const connect = async (
    clusterId: ClusterId,
    { apiEndpoint, ca, credentials }: ClusterAddress,
    list: NodeList,
  ): Promise<ClusterApi> => {
    const fresh = connectCluster({ ...readKubeconfig(credentials), server: apiEndpoint, ...(ca === '' ? {} : { caData: ca }) });
    try {
      // Once per connection, and harmless to repeat: without these bindings no token of ours can join anybody.
      await fresh.ensureBootstrapRbac();
    } catch (cause) {
      await fresh.close();
      throw cause;
    }
    fresh.watchNodes((change) => {
      list.take(change);
      return onChange(clusterId, change);
    });
    return fresh;
  };

  const api = async (clusterId: ClusterId): Promise<ClusterApi> => {
    const address = await read(clusterId);
    const fingerprint = JSON.stringify(address);
    const known = open.get(clusterId);
    if (known?.fingerprint === fingerprint) return known.api;
    const list = nodeList();
    const entry = { fingerprint, api: connect(clusterId, address, list), list };
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

  const look = (clusterId: ClusterId): NodesInSight => open.get(clusterId)?.list.look() ?? { sees: false, why: 'not connected' };

  return {
    api,
    async node(clusterId, name) {
      const found = await (await api(clusterId)).node(name);
      return found && seenNode(found);
    },
    async sight(clusterId) {
      await api(clusterId);
      return look(clusterId);
    },
    async nodes(clusterId) {
      const cluster = await api(clusterId);
      const sight = look(clusterId);
      return sight.sees ? sight.nodes.map(({ seen }) => seen) : (await cluster.nodes()).map(seenNode);
    },
    connect: async (clusterId) => clusterAccess(await api(clusterId), EVERYTHING_GOES),
    async close() {
      await Promise.all([...open.values()].map((one) => closeQuietly(one.api)));
    },
  };
}

/** One answer for all who ask within `forMs`; a failure is nobody's but theirs who waited for it. */
function shared<K, V>(ask: (key: K) => Promise<V>, forMs: number): (key: K) => Promise<V> {
  const asked = new Map<K, { at: number; answer: Promise<V> }>();
  return (key) => {
    const known = asked.get(key);
    if (known && performance.now() - known.at < forMs) return known.answer;
    const entry = { at: performance.now(), answer: ask(key) };
    asked.set(key, entry);
    entry.answer.catch(() => asked.get(key) === entry && asked.delete(key));
    return entry.answer;
  };
}

async function closeQuietly(api: Promise<ClusterApi>): Promise<void> {
  const opened = await api.catch(() => undefined);
  await opened?.close();
}
