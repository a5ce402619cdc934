// Node object → what Rackwright knows of a node.
import type { ClusterNode, NodeTaint } from '../cluster-api.ts';
import type { NodeObject, TaintObject } from '../http/objects.ts';

/** On the Node: which of our jobs cordoned it, and since when. */
export const CORDONED_BY = 'rackwright.io/cordoned-by';
export const CORDONED_SINCE = 'rackwright.io/cordoned-since';

export function readNode(node: NodeObject): ClusterNode {
  const conditions = (node.status?.conditions ?? []).map(readCondition);
  return {
    name: node.metadata.name,
    uid: node.metadata.uid,
    ready: conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
    conditions,
    unschedulable: node.spec?.unschedulable ?? false,
    cordonedBy: node.metadata.annotations?.[CORDONED_BY],
    providerID: node.spec?.providerID || undefined,
    labels: node.metadata.labels ?? {},
    taints: (node.spec?.taints ?? []).map(readTaint),
    kubeletVersion: node.status?.nodeInfo?.kubeletVersion ?? '',
    bootId: node.status?.nodeInfo?.bootID ?? '',
    addresses: node.status?.addresses ?? [],
    volumesAttached: (node.status?.volumesAttached ?? []).map((volume) => volume.name),
  };
}

type ConditionObject = NonNullable<NonNullable<NodeObject['status']>['conditions']>[number];

function readCondition(condition: ConditionObject): ClusterNode['conditions'][number] {
  const { type, status, reason = '', message = '', lastTransitionTime = '' } = condition;
  const known = status === 'True' || status === 'False' ? status : 'Unknown';
  return { type, status: known, reason, message, since: lastTransitionTime };
}

function readTaint({ key, value, effect }: TaintObject): NodeTaint {
  return { key, ...(value === undefined ? {} : { value }), effect: effect as NodeTaint['effect'] };
}
