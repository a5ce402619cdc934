// The Nodes of one cluster as its watch tells of them: whole after the first list, unknown while the API server is out of sight.
import { type SeenSignal, signalsOfNode } from '@rackwright/domain/health/read-signals.ts';
import type { NodeSeen } from '@rackwright/domain/node-alarms/compare-nodes.ts';
import type { ClusterNode, NodeChange } from '@rackwright/kubernetes/cluster-api.ts';
import { SERVER_ID_LABEL } from '@rackwright/workflows/provision-server/node-labels.ts';

/** How the health controller reads it. */
export type NodeReading = { nodeName: string; controlPlane: boolean; signals: readonly SeenSignal[] };
/** What is kept of each: all that anybody of us asks for. */
export type KeptNode = { seen: NodeSeen; reading: NodeReading };
/** Out of sight nothing may be concluded from what we remember. */
export type NodesInSight = { sees: true; nodes: KeptNode[] } | { sees: false; why: string };

export type NodeList = {
  take(change: NodeChange): void;
  look(): NodesInSight;
};

const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane';

export function nodeList(): NodeList {
  let nodes: Map<string, KeptNode> | undefined;
  let lostBecause: string | undefined;
  return {
    take(change) {
      switch (change.kind) {
        case 'listed':
          nodes = new Map(change.nodes.map((node) => [node.name, keep(node)]));
          break;
        case 'changed':
          nodes?.set(change.node.name, keep(change.node));
          break;
        case 'removed':
          // Its successor of the same name may be here already.
          if (nodes?.get(change.name)?.seen.uid === change.uid) nodes.delete(change.name);
          break;
        case 'lost':
          lostBecause = change.why;
          return;
      }
      // A change after a break goes on where the watch stood: nothing was missed.
      if (nodes) lostBecause = undefined;
    },
    look() {
      if (lostBecause !== undefined) return { sees: false, why: lostBecause };
      return nodes ? { sees: true, nodes: [...nodes.values()] } : { sees: false, why: 'not listed yet' };
    },
  };
}

export function seenNode({ name, uid, labels, addresses }: ClusterNode): NodeSeen {
  return { name, uid, serverId: labels[SERVER_ID_LABEL], addresses: addresses.map(({ address }) => address) };
}

function keep(node: ClusterNode): KeptNode {
  const controlPlane = Object.hasOwn(node.labels, CONTROL_PLANE);
  return { seen: seenNode(node), reading: { nodeName: node.name, controlPlane, signals: signalsOfNode(node.conditions) } };
}
