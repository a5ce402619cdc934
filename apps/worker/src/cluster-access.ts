// Fits the Kubernetes adapter to the port of the workflows, in the name of one server.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import type { ClusterApi, ClusterNode, RemainingPod } from '@rackwright/kubernetes/cluster-api.ts';
import type { ClusterAccess, NodeView } from '@rackwright/workflows/ports.ts';
import { SERVER_ID_LABEL } from '@rackwright/workflows/provision-server/node-labels.ts';

/** What local storage and unmanaged pods lose, they lose: the disks are erased next anyway. */
const DRAIN = { localStorage: 'evict', unmanaged: 'evict' } as const;

export function clusterAccess(api: ClusterApi, serverId: ServerId): ClusterAccess {
  return {
    async ensureBootstrapToken({ id, secret, nodeName, until }) {
      await api.ensureBootstrapRbac();
      await api.createBootstrapToken({ id, secret, serverId, nodeName, expiresAt: new Date(until) });
    },
    deleteBootstrapToken: (id) => api.deleteBootstrapToken(id),
    async node(name) {
      const node = await api.node(name);
      return node && viewOf(node);
    },
    ensureNodeLabels: (name, labels) => api.ensureNodeLabels(name, labels),
    async approveServingCertificate({ nodeName, addresses }) {
      const { refused } = await api.approveServingCsrs([{ nodeName, dnsNames: [nodeName], ipAddresses: addresses }]);
      return { refused };
    },
    cordon: (name, operationId) => unlessGone(api.cordon(name, operationId)),
    async uncordon(name: string, operationId: OperationId) {
      await api.uncordonIfOurs(name, operationId);
    },
    async drain(name) {
      const { remaining } = await api.drainPass(name, DRAIN);
      return { remaining: remaining.map(podView) };
    },
    async deleteNode(name, uid, _proof) {
      const node = await api.node(name);
      if (!node) return;
      // We never learned its uid, so it must at least say that it is this server's.
      if (uid === null && node.labels[SERVER_ID_LABEL] !== serverId)
        throw new Refusal('node_replaced', { nodeName: name, uid: node.uid });
      await api.deleteNode(name, uid ?? node.uid);
    },
    revoke: (nodeName) => api.revokeAccess({ serverId, nodeName }),
  };
}

function viewOf(node: ClusterNode): NodeView {
  const ready = node.conditions.find((condition) => condition.type === 'Ready');
  return {
    name: node.name,
    uid: node.uid,
    ready: node.ready,
    readyReason: ready ? `${ready.reason}: ${ready.message}` : 'the kubelet has not reported yet',
    unschedulable: node.unschedulable,
    labels: node.labels,
    kubeletVersion: node.kubeletVersion,
    addresses: node.addresses.map(({ address }) => address),
  };
}

function podView({ namespace, name, blockedBy }: RemainingPod): { namespace: string; name: string; blockedBy?: string } {
  if (!blockedBy) return { namespace, name };
  return {
    namespace,
    name,
    blockedBy: blockedBy.pdb === undefined ? blockedBy.message : `${blockedBy.pdb} (${blockedBy.message})`,
  };
}

/** A Node that is gone needs no cordon. */
async function unlessGone(act: Promise<void>): Promise<void> {
  try {
    await act;
  } catch (thrown) {
    if (!(thrown instanceof Refusal && thrown.code === 'node_unknown')) throw thrown;
  }
}
