// Fits a cluster to the workflows' port: one server at a time, known by its node's name.
import { isIP } from 'node:net';
import type { ClusterAccess, DrainPass, NodeView } from '@rackwright/workflows/ports.ts';
import type { ClusterApi, ClusterNode, DrainPolicy, RemainingPod } from './cluster-api.ts';

/** `drainPolicy` is the pool's: what may be lost when a node is emptied. */
export function clusterAccess(api: ClusterApi, drainPolicy: DrainPolicy): ClusterAccess {
  return {
    // The workflows know a joining server by its node's name, and so do the labels of its tokens.
    ensureBootstrapToken: ({ id, secret, nodeName, until }) =>
      api.createBootstrapToken({ id, secret, nodeName, serverId: nodeName, expiresAt: new Date(until) }),
    deleteBootstrapToken: (tokenId) => api.deleteBootstrapToken(tokenId),
    async node(name) {
      const found = await api.node(name);
      return found && viewOf(found);
    },
    ensureNodeLabels: (name, labels, taints) => api.ensureNodeLabels(name, labels, taints),
    async approveServingCertificate({ nodeName, addresses }) {
      const ipAddresses = addresses.filter((address) => isIP(address) !== 0);
      const dnsNames = addresses.filter((address) => isIP(address) === 0);
      const { refused } = await api.approveServingCsrs([{ nodeName, dnsNames, ipAddresses }]);
      // Requests of other nodes wait for the workflows of those.
      const own = refused.filter(({ username }) => username === `system:node:${nodeName}`);
      return { refused: own.map(({ name, reason }) => ({ name, reason })) };
    },
    cordon: (name, operationId) => api.cordon(name, operationId),
    async uncordon(name, operationId) {
      await api.uncordonIfOurs(name, operationId);
    },
    async drain(name) {
      const { remaining, evicted } = await api.drainPass(name, drainPolicy);
      // A pod that agreed to go is still there: the node is empty when a pass finds nobody.
      const leaving = evicted.map((pod) => ({ ...pod, since: null }));
      return { remaining: [...leaving, ...remaining.map(waitingPod)] };
    },
    attachedVolumes: (name) => api.attachedVolumes(name),
    controlPlane: () => api.controlPlane(),
    forceDeletePod: ({ namespace, name, uid }) => api.forceDeletePod({ namespace, name, uid }),
    // The proof is the workflows' to have: without one they cannot write this call.
    deleteNode: (name, uid) => api.deleteNode(name, uid),
    async ensureOutOfService(name) {
      if (!knowsOutOfService((await api.health()).version)) return 'not_supported';
      await api.ensureNodeTaints(name, [OUT_OF_SERVICE]);
      return 'tainted';
    },
    removeOutOfService: (name) => api.removeNodeTaints(name, [OUT_OF_SERVICE]),
    revoke: (name) => api.revokeAccess({ serverId: name, nodeName: name }),
  };
}

const OUT_OF_SERVICE = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' } as const;

/** Stable since 1.28 (non-graceful node shutdown); a cluster before that would only carry a taint that nobody reads. */
function knowsOutOfService(version: string): boolean {
  const [, major = '0', minor = '0'] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 28);
}

function viewOf(node: ClusterNode): NodeView {
  const condition = node.conditions.find(({ type }) => type === 'Ready');
  const { name, uid, ready, unschedulable, labels, taints, kubeletVersion, bootId } = node;
  const readyReason = condition ? condition.message || condition.reason : 'the kubelet has not reported yet';
  return {
    name,
    uid,
    ready,
    readyReason,
    unschedulable,
    labels,
    taints,
    kubeletVersion,
    bootId,
    volumesAttached: node.volumesAttached.length,
    addresses: node.addresses.map(({ address }) => address),
  };
}

function waitingPod({ namespace, name, uid, blockedBy, since }: RemainingPod): DrainPass['remaining'][number] {
  const pod = { namespace, name, uid, since };
  if (blockedBy === undefined) return pod;
  const { pdb, message } = blockedBy;
  return { ...pod, blockedBy: { budget: pdb === undefined ? null : `${namespace}/${pdb}`, message } };
}
