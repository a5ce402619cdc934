// The Nodes of one cluster as its watch tells of them: whole after the first list, unknown while the API server is out of sight.
import type { NodeSeen } from '@rackwright/domain/node-alarms/compare-nodes.ts';
import type { ClusterNode, NodeChange } from '@rackwright/kubernetes/cluster-api.ts';
import { SERVER_ID_LABEL } from '@rackwright/workflows/provision-server/node-labels.ts';

export type NodeList = {
  take(change: NodeChange): void;
  /** Undefined: never listed, or the watch is lost; nothing may be concluded from what we remember. */
  all(): NodeSeen[] | undefined;
};

export function nodeList(): NodeList {
  let nodes: Map<string, NodeSeen> | undefined;
  let blind = true;
  return {
    take(change) {
      switch (change.kind) {
        case 'listed':
          nodes = new Map(change.nodes.map((node) => [node.name, seenNode(node)]));
          blind = false;
          return;
        case 'changed':
          // After a break the watch goes on where it stood: nothing was missed.
          nodes?.set(change.node.name, seenNode(change.node));
          blind = nodes === undefined;
          return;
        case 'removed':
          // Its successor of the same name may be here already.
          if (nodes?.get(change.name)?.uid === change.uid) nodes.delete(change.name);
          blind = nodes === undefined;
          return;
        case 'lost':
          blind = true;
      }
    },
    all: () => (blind || nodes === undefined ? undefined : [...nodes.values()]),
  };
}

export function seenNode({ name, uid, labels, addresses }: ClusterNode): NodeSeen {
  return { name, uid, serverId: labels[SERVER_ID_LABEL], addresses: addresses.map(({ address }) => address) };
}
