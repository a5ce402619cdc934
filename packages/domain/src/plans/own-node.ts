// The Node of a server, as it is seen now or as it was left.
import type { ClusterId } from '../ids.ts';
import type { SeenNode } from './cluster-sight.ts';
import type { PlanSubject, PlanWorld } from './plan-subject.ts';

export function nodeNamed(name: string, clusterId: ClusterId | null | undefined, world: PlanWorld): SeenNode | undefined {
  const sight = clusterId == null ? undefined : world.clusters.get(clusterId)?.sight;
  return sight?.seen === 'now' ? sight.nodes.find((node) => node.name === name) : undefined;
}

/** While the API server is away, as it was left: we know of no other. */
export function ourNode({ assignment }: PlanSubject, world: PlanWorld): { name: string; ready: boolean } | undefined {
  if (assignment?.clusterId == null) return undefined;
  const sight = world.clusters.get(assignment.clusterId)?.sight;
  if (sight?.seen === 'now') return nodeNamed(assignment.nodeName, assignment.clusterId, world);
  return assignment.nodeUid === null ? undefined : { name: assignment.nodeName, ready: true };
}
