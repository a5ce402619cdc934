// What the API server shows of its control plane: kubeadm's etcd pods and the nodes that they and the API servers run on.
import type { ControlPlane, ControlPlaneNode, EtcdPod } from '@rackwright/domain/control-plane/may-leave.ts';
import type { ClusterApi, ClusterNode } from '../cluster-api.ts';
import type { Connection } from '../http/connection.ts';
import { listAll } from '../http/list-all.ts';
import type { NodeObject, PodObject } from '../http/objects.ts';
import { shareNext } from '@rackwright/domain/share-next.ts';
import { nodePath } from '../nodes/change-node.ts';
import { readNode } from '../nodes/read-node.ts';

/** The second until Kubernetes 1.24. */
const ROLES = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];
const NODES = '/api/v1/nodes';
const ETCD_PODS = '/api/v1/namespaces/kube-system/pods';

/** Everybody who leaves looks at it, hundreds at once. */
export function controlPlaneMethods(connection: Connection): Pick<ClusterApi, 'controlPlane'> {
  return { controlPlane: shareNext(() => lookAtControlPlane(connection)) };
}

async function lookAtControlPlane(connection: Connection): Promise<ControlPlane> {
  const doing = 'look at the control plane';
  // kubeadm's own label for the static pod.
  const selector = { labelSelector: 'component=etcd' };
  const etcd = (await listAll<PodObject, EtcdPod>(connection, ETCD_PODS, selector, doing, readEtcdPod)).items;
  const nodes = new Map<string, ControlPlaneNode>();
  for (const role of ROLES) {
    const listed = await listAll<NodeObject, ClusterNode>(connection, NODES, { labelSelector: role }, doing, readNode);
    for (const node of listed.items) nodes.set(node.name, viewOf(node, true));
  }
  for (const { nodeName } of etcd) {
    if (nodes.has(nodeName)) continue;
    const found = await connection.find<NodeObject>({ method: 'GET', path: nodePath(nodeName), doing });
    if (found) nodes.set(nodeName, viewOf(readNode(found), false));
  }
  return { etcd, nodes: [...nodes.values()] };
}

function viewOf({ name, ready, unschedulable, cordonedBy }: ClusterNode, controlPlane: boolean): ControlPlaneNode {
  return { name, controlPlane, ready, leaving: unschedulable && cordonedBy !== undefined };
}

function readEtcdPod({ metadata, spec, status }: PodObject): EtcdPod {
  const words = (spec?.containers ?? []).flatMap(({ command = [], args = [] }) => [...command, ...args]);
  const flag = (name: string) => words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
  const nodeName = spec?.nodeName ?? '';
  return {
    member: flag('name') ?? nodeName,
    nodeName,
    ready: status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false,
    createdAt: metadata.creationTimestamp ?? '',
    // name=url,name=url; a member with several URLs stands there several times.
    initialCluster: [...new Set((flag('initial-cluster') ?? '').split(',').flatMap((pair) => pair.split('=')[0] || []))],
  };
}
