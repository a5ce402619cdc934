// Approves kubelet serving certificates for the nodes that are on file, for as long as they live: kubelets ask anew before each expires.
import type { ClusterId } from '@rackwright/domain/ids.ts';
import type { ClusterApi } from '@rackwright/kubernetes/cluster-api.ts';
import type { NodesOfCluster } from '@rackwright/store/nodes-on-file.ts';
import type { Log } from './needs.ts';
import { sayWhy } from './say-why.ts';

export type ApproverNeeds = { nodes(): Promise<NodesOfCluster[]>; api(clusterId: ClusterId): Promise<ClusterApi>; log: Log };

/** One look at every cluster; one that does not answer holds up no other. */
export async function approveCertificates({ nodes, api, log }: ApproverNeeds): Promise<void> {
  for (const { clusterId, nodes: expected } of await nodes()) {
    try {
      const cluster = await api(clusterId);
      const vouched = expected.map(({ nodeName, addresses }) => ({ nodeName, dnsNames: [nodeName], ipAddresses: addresses }));
      const { approved, refused } = await cluster.approveServingCsrs(vouched);
      if (approved.length > 0) log.info({ clusterId, approved }, 'serving certificates approved');
      for (const { name, reason } of refused) log.warn({ clusterId, request: name, reason }, 'serving certificate refused');
    } catch (thrown) {
      log.warn({ clusterId, because: sayWhy(thrown) }, 'cluster not reachable for certificates');
    }
  }
}
