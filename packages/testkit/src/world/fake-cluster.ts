// A cluster in memory: nodes, tokens and pods that leave when evicted unless something blocks them.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { ClusterAccess } from '@rackwright/workflows/ports.ts';
import type { World } from './world.ts';

export function fakeCluster(world: World): ClusterAccess {
  return {
    ensureBootstrapToken: async ({ id, nodeName }) => void (world.tokens[nodeName] = { id }),
    async deleteBootstrapToken(tokenId) {
      for (const [name, token] of Object.entries(world.tokens)) if (token.id === tokenId) delete world.tokens[name];
    },
    async node(name) {
      const node = world.nodes[name];
      return (
        node && {
          name,
          taints: [],
          ...node,
          readyReason: node.ready ? 'KubeletReady' : 'NodeStatusUnknown',
          kubeletVersion: 'v1',
          bootId: node.bootId ?? '',
          volumesAttached: node.volumes ?? 0,
          addresses: [],
        }
      );
    },
    async ensureNodeLabels(name, labels, taints = []) {
      const node = world.nodes[name];
      if (!node) return;
      node.labels = { ...node.labels, ...labels };
      if (taints.length > 0) node.taints = [...(node.taints ?? []), ...taints];
    },
    approveServingCertificate: async () => ({ refused: [] }),
    async cordon(name) {
      const node = world.nodes[name];
      if (node) node.unschedulable = true;
    },
    async uncordon(name) {
      const node = world.nodes[name];
      if (node) node.unschedulable = false;
    },
    async drain() {
      for (const pod of world.pods) if (pod.blockedBy === undefined) world.deeds.push(`evict ${pod.name}`);
      world.pods = world.pods.filter((pod) => pod.blockedBy !== undefined);
      const remaining = world.pods.map(({ namespace, name, blockedBy }) => ({
        namespace,
        name,
        uid: `uid-${name}`,
        since: '2026-01-01T00:00:00Z',
        ...(blockedBy === undefined ? {} : { blockedBy: { budget: blockedBy, message: `held by ${blockedBy}` } }),
      }));
      return { remaining };
    },
    attachedVolumes: async () => world.volumes,
    controlPlane: async () => world.controlPlane,
    async forceDeletePod({ namespace, name }) {
      // A pod of a running machine that is forgotten runs on beside its successor.
      if (world.power !== 'off') throw new Error('a pod was removed by force before the fence');
      const left = world.pods.filter((pod) => pod.namespace !== namespace || pod.name !== name);
      if (left.length < world.pods.length) world.deeds.push(`force ${name}`);
      world.pods = left;
    },
    async deleteNode(name, uid) {
      const node = world.nodes[name];
      if (!node) return;
      if (node.uid !== uid) throw new Refusal('node_replaced', { name });
      if (world.power !== 'off') throw new Error('a Node was deleted before its fence');
      world.deeds.push(`delete node ${name}`);
      delete world.nodes[name];
    },
    async ensureOutOfService(name) {
      const node = world.nodes[name];
      // Its pods are deleted by force: of a machine that runs they would run twice.
      if (world.power !== 'off') throw new Error('a node was marked out of service before its fence');
      if (node) Object.assign(node, { outOfService: true, volumes: 0 });
      world.deeds.push(`out of service ${name}`);
      return 'tainted';
    },
    async removeOutOfService(name) {
      const node = world.nodes[name];
      if (node) node.outOfService = false;
    },
    revoke: async (name) => void delete world.tokens[name],
  };
}
