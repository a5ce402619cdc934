// A look at one cluster for a plan: its nodes and what a drain would meet. Short and without consequence: nothing is changed there.
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import { Fault, Refusal } from '@rackwright/domain/errors.ts';
import type { ClusterSight, SeenNode } from '@rackwright/domain/plans/cluster-sight.ts';
import type { ClusterApi, ClusterNode } from '@rackwright/kubernetes/cluster-api.ts';
import { connectCluster } from '@rackwright/kubernetes/connect-cluster.ts';
import { EVERYTHING_GOES } from '@rackwright/kubernetes/drain/policies.ts';
import { readKubeconfig } from '@rackwright/kubernetes/kubeconfig.ts';
import type { Database } from '@rackwright/store/database.ts';
import type { Keyring } from '@rackwright/store/secrets/keyring.ts';
import { readClusterAccess } from '@rackwright/store/secrets/stored-secrets.ts';
import { SERVER_ID_LABEL } from '@rackwright/workflows/provision-server/node-labels.ts';
import type { SeeCluster } from '../plan-needs.ts';

/** A person waits for the plan; an API server that needs longer is as good as away. */
const PATIENCE_MS = seconds(10);
/** For thousands of nodes their pods are read page by page. */
const PATIENCE_FOR_MANY_MS = minutes(1);
const MANY = 100;

export function seeingClusters(database: Database, keyring: Keyring): SeeCluster {
  return async (clusterId, nodeNames) => {
    let api: ClusterApi | undefined;
    try {
      const { apiEndpoint, ca, credentials } = await readClusterAccess(database, keyring, clusterId);
      api = connectCluster({ ...readKubeconfig(credentials), server: apiEndpoint, ...(ca === '' ? {} : { caData: ca }) });
      return await inTime(look(api, nodeNames), nodeNames.length > MANY ? PATIENCE_FOR_MANY_MS : PATIENCE_MS);
    } catch (thrown) {
      if (thrown instanceof Fault || thrown instanceof Refusal) return { seen: 'unknown', why: thrown.code };
      throw thrown;
    } finally {
      await api?.close();
    }
  };
}

async function look(api: ClusterApi, nodeNames: readonly string[]): Promise<ClusterSight> {
  const nodes = (await api.nodes()).map(seenNode);
  try {
    const drains = nodeNames.length === 0 ? new Map() : await api.drainOutlook(nodeNames, EVERYTHING_GOES);
    return { seen: 'now', nodes, drains };
  } catch (thrown) {
    // May it list no budgets, say, it still knows its nodes and their quorum.
    if (thrown instanceof Fault) return { seen: 'now', nodes, drains: new Map(), podsUnknown: thrown.code };
    throw thrown;
  }
}

function seenNode({ name, uid, ready, unschedulable, labels, taints }: ClusterNode): SeenNode {
  const shut = taints.some(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute');
  // kubeadm's label; before 1.24 it was called master.
  const controlPlane = 'node-role.kubernetes.io/control-plane' in labels || 'node-role.kubernetes.io/master' in labels;
  return { name, uid, ready, schedulable: !unschedulable && !shut, controlPlane, serverId: labels[SERVER_ID_LABEL] ?? null };
}

async function inTime(sight: Promise<ClusterSight>, patienceMs: number): Promise<ClusterSight> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<ClusterSight>((resolve) => {
    timer = setTimeout(() => resolve({ seen: 'unknown', why: 'kubernetes_unreachable' }), patienceMs);
  });
  try {
    // What comes after its time is nobody's; its connection is closed by then.
    void sight.catch(() => undefined);
    return await Promise.race([sight, late]);
  } finally {
    clearTimeout(timer);
  }
}
