// Compares the Nodes of each cluster with the servers on file, and tells people where they disagree. It changes no server and no Node.
import {
  type Adoption,
  alarmKey,
  compareNodes,
  type NodeAlarm,
  type NodeSeen,
  type ServerOnFile,
} from '@rackwright/domain/node-alarms/compare-nodes.ts';
import type { ClusterId } from '@rackwright/domain/ids.ts';
import type { Log } from '../needs.ts';
import { sayWhy } from '../say-why.ts';

type Cluster = { id: ClusterId; name: string };

export type NodeAlarmNeeds = {
  store: {
    clusters(): Promise<Cluster[]>;
    servers(clusterId: ClusterId, nodes: readonly NodeSeen[]): Promise<ServerOnFile[]>;
    /** Keys of the incidents that are open about this cluster's Nodes. */
    open(clusterId: ClusterId): Promise<string[]>;
    settle(cluster: Cluster, opening: readonly NodeAlarm[], closing: readonly string[]): Promise<void>;
    adopt(adoption: Adoption): Promise<boolean>;
    closeUnwatched(): Promise<void>;
  };
  /** Throws Fault while the API server is out of sight. */
  nodes(clusterId: ClusterId): Promise<NodeSeen[]>;
  /** As the API server says it at this moment. */
  node(clusterId: ClusterId, name: string): Promise<NodeSeen | undefined>;
  log: Log;
};

/**
 * One round. Level-triggered: whatever was missed meanwhile shows in the next one. An alarm counts when two rounds in a row see it: a
 * Node that is just being deleted, or registered, is seen by one. While a cluster is out of sight nothing about it opens or closes.
 */
export function nodeAlarmRounds({ store, nodes, node, log }: NodeAlarmNeeds): () => Promise<void> {
  const before = new Map<ClusterId, ReadonlySet<string>>();

  const isSo = async (clusterId: ClusterId, alarm: NodeAlarm): Promise<boolean> => {
    const now = await node(clusterId, alarm.nodeName);
    return (now?.uid === alarm.nodeUid) !== (alarm.kind === 'node_deleted_by_hand');
  };
  const round = async (cluster: Cluster): Promise<void> => {
    const seen = await nodes(cluster.id);
    const { alarms, adoptions } = compareNodes(seen, await store.servers(cluster.id, seen));
    for (const adoption of adoptions) await adopt(cluster.id, adoption);
    const now = new Map(alarms.map((alarm) => [alarmKey(cluster.id, alarm), alarm]));
    const earlier = before.get(cluster.id);
    before.set(cluster.id, new Set(now.keys()));
    if (!earlier) return;
    const open = new Set(await store.open(cluster.id));
    const opening: NodeAlarm[] = [];
    for (const [key, alarm] of now) {
      if (!open.has(key) && earlier.has(key) && (await isSo(cluster.id, alarm))) opening.push(alarm);
    }
    const closing = [...open].filter((key) => !now.has(key) && !earlier.has(key));
    if (opening.length + closing.length > 0) await store.settle(cluster, opening, closing);
  };
  const adopt = async (clusterId: ClusterId, adoption: Adoption): Promise<void> => {
    const now = await node(clusterId, adoption.nodeName);
    if (now?.uid === adoption.nodeUid && now.serverId === adoption.serverId) await store.adopt(adoption);
  };

  return async () => {
    const clusters = await store.clusters();
    for (const cluster of clusters) {
      await round(cluster).catch((thrown: unknown) => {
        // What we remember of it is old by the time it is back.
        before.delete(cluster.id);
        log.info({ cluster: cluster.name, because: sayWhy(thrown) }, 'nodes out of sight');
      });
    }
    await store.closeUnwatched();
    const known = new Set(clusters.map(({ id }) => id));
    for (const id of before.keys()) if (!known.has(id)) before.delete(id);
  };
}
