// What people and controllers wrote on a Node, carried over to the one that takes its place: labels, taints, and that it was closed.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { OperationId } from '@rackwright/domain/ids.ts';
import type { Run } from '@rackwright/workflow-engine/run.ts';
import type { Member } from '../leave-cluster/leave-cluster.ts';
import type { ClusterAccess, NodeTaint, NodeView, Ports, Task } from '../ports.ts';
import { SERVER_ID_LABEL } from '../provision-server/node-labels.ts';

export type NodeMarks = { labels: Record<string, string>; taints: NodeTaint[]; cordoned: boolean };

export const NO_MARKS: NodeMarks = { labels: {}, taints: [], cordoned: false };

/** Set by the kubelet about itself, or by controllers about its condition: the new one has its own. */
const KUBELETS_OWN = /^(beta\.)?kubernetes\.io\/(arch|hostname|os)$/;
const CONDITIONS_OWN = /^node\.(cloudprovider\.)?kubernetes\.io\//;

/** Refusal `node_name_taken` when a Node of that name is another machine's: joining would take its name away. */
export function readNodeMarks(
  run: Run,
  { connectCluster }: Pick<Ports, 'connectCluster'>,
  { serverId }: Task<unknown>,
  { clusterId, nodeName, nodeUid }: Member,
): Promise<NodeMarks> {
  return run.step('remember what is written on its Node', async () => {
    const node = await (await connectCluster(clusterId)).node(nodeName);
    if (!node) return NO_MARKS;
    const owner = node.labels[SERVER_ID_LABEL];
    if (node.uid !== nodeUid && owner !== serverId) throw new Refusal('node_name_taken', { nodeName, uid: node.uid });
    const labels = Object.fromEntries(Object.entries(node.labels).filter(([key]) => !KUBELETS_OWN.test(key)));
    return { labels, taints: node.taints.filter(({ key }) => !CONDITIONS_OWN.test(key)), cordoned: node.unschedulable };
  });
}

/** Writes what is missing; may be repeated, and writes nothing then. */
export async function copyNodeMarks(
  cluster: Pick<ClusterAccess, 'ensureNodeLabels' | 'cordon'>,
  node: NodeView,
  marks: NodeMarks,
  operationId: OperationId,
): Promise<void> {
  if (marks.cordoned && !node.unschedulable) await cluster.cordon(node.name, operationId);
  // What it says of itself is newer: its rack may have another name by now.
  const labels = Object.fromEntries(Object.entries(marks.labels).filter(([key]) => !Object.hasOwn(node.labels, key)));
  const taints = marks.taints.filter(
    (taint) => !node.taints.some(({ key, effect }) => key === taint.key && effect === taint.effect),
  );
  if (Object.keys(labels).length + taints.length > 0) await cluster.ensureNodeLabels(node.name, labels, taints);
}
