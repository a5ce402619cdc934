// What this process sees of the clusters' Nodes: kept by the watches, written down whole every few seconds, so that no event matters alone.
import { type SeenSignal, signalsOfNode } from '@rackwright/domain/health/read-signals.ts';
import type { ClusterId } from '@rackwright/domain/ids.ts';
import type { ClusterNode, NodeChange } from '@rackwright/kubernetes/cluster-api.ts';
import type { Log } from '../needs.ts';
import { sayWhy } from '../say-why.ts';

export type NodeReading = { nodeName: string; controlPlane: boolean; signals: readonly SeenSignal[] };
export type Sight = { clusterId: ClusterId; sees: boolean; why: string };

export type NodeSights = {
  /** What a watch tells. */
  take(clusterId: ClusterId, change: NodeChange): void;
  /** Opens what is not watched yet, and writes down what is seen now. One cluster that does not answer holds up no other. */
  writeDown(): Promise<void>;
};

export type NodeSightsNeeds = {
  clusters(): Promise<ClusterId[]>;
  /** Connects, and watches from then on: what it sees comes to `take`. */
  watch(clusterId: ClusterId): Promise<unknown>;
  noteNodes(clusterId: ClusterId, nodes: readonly NodeReading[]): Promise<void>;
  noteSights(sights: readonly Sight[]): Promise<void>;
  log: Log;
};

const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane';

/** `sees` is false until the first whole list, and whenever the API server does not answer: what was known then is old. */
type Seen = { nodes: Map<string, { uid: string; reading: NodeReading }> | undefined; sees: boolean; why: string };

export function nodeSights({ clusters, watch, noteNodes, noteSights, log }: NodeSightsNeeds): NodeSights {
  const seen = new Map<ClusterId, Seen>();
  const of = (clusterId: ClusterId): Seen => {
    const known = seen.get(clusterId) ?? { nodes: undefined, sees: false, why: 'not listed yet' };
    seen.set(clusterId, known);
    return known;
  };

  const writeDownOne = async (clusterId: ClusterId): Promise<Sight> => {
    const known = of(clusterId);
    try {
      await watch(clusterId);
      if (known.sees && known.nodes)
        await noteNodes(
          clusterId,
          [...known.nodes.values()].map(({ reading }) => reading),
        );
      return { clusterId, sees: known.sees, why: known.why };
    } catch (thrown) {
      const why = sayWhy(thrown);
      log.warn({ clusterId, because: why }, 'cluster not seen');
      return { clusterId, sees: false, why };
    }
  };

  return {
    take(clusterId, change) {
      const known = of(clusterId);
      switch (change.kind) {
        case 'listed':
          known.nodes = new Map(change.nodes.map((node) => [node.name, seenNode(node)]));
          break;
        case 'changed':
          known.nodes?.set(change.node.name, seenNode(change.node));
          break;
        case 'removed':
          // Its successor of the same name may be here already.
          if (known.nodes?.get(change.name)?.uid === change.uid) known.nodes.delete(change.name);
          break;
        case 'lost':
          Object.assign(known, { sees: false, why: change.why });
          return;
      }
      // A change after a break goes on where the watch stood: nothing was missed.
      if (known.nodes) Object.assign(known, { sees: true, why: '' });
    },

    async writeDown() {
      const inUse = await clusters();
      await noteSights(await Promise.all(inUse.map(writeDownOne)));
    },
  };
}

function seenNode({ name, uid, labels, conditions }: ClusterNode): { uid: string; reading: NodeReading } {
  const controlPlane = Object.hasOwn(labels, CONTROL_PLANE);
  return { uid, reading: { nodeName: name, controlPlane, signals: signalsOfNode(conditions) } };
}
