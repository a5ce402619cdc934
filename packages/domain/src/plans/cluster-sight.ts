// What is seen of a cluster while a plan is made, and what that says about its quorum. An API server that is away is told as unknown.

export type SeenNode = {
  name: string;
  uid: string;
  ready: boolean;
  schedulable: boolean;
  controlPlane: boolean;
  /** The server of ours that it says to be; null for a node that we never made. */
  serverId: string | null;
};

export type PodOnNode = {
  pod: string;
  /** `<namespace>/<name>` of each disruption budget that covers it. */
  budgets: readonly string[];
  /** Why its eviction would be refused now; null when it would go. */
  heldBy: string | null;
};

/** What emptying a node would do now. */
export type DrainOutlook = { evicted: readonly PodOnNode[]; staying: number; leaving: number };

export type ClusterSight =
  | { seen: 'unknown'; why: string }
  /** `podsUnknown`: its nodes were seen and its pods were not, and why. */
  | { seen: 'now'; nodes: readonly SeenNode[]; drains: ReadonlyMap<string, DrainOutlook>; podsUnknown?: string };

/** `needed` of `members` must be ready; members that go are counted as members still: nobody has told etcd yet. */
export type Quorum = { members: number; ready: number; needed: number; holds: boolean };

export function quorumOf(nodes: readonly SeenNode[], gone: ReadonlySet<string> = new Set()): Quorum {
  const members = nodes.filter((node) => node.controlPlane);
  const ready = members.filter((node) => node.ready && !gone.has(node.name)).length;
  const needed = Math.floor(members.length / 2) + 1;
  return { members: members.length, ready, needed, holds: ready >= needed };
}

/** Nodes that pods could go to when these are gone. */
export function placesLeft(nodes: readonly SeenNode[], gone: ReadonlySet<string>): number {
  return nodes.filter((node) => node.ready && node.schedulable && !gone.has(node.name)).length;
}

/**
 * What of a cluster a plan depends on: which nodes there are, and which control planes are ready. Pods come and go.
 * @param only  names that matter, where the cluster is only to be joined: who else joins it meanwhile changes nothing
 */
export function sightBasis(sight: ClusterSight, only?: readonly string[]): string[] {
  if (sight.seen === 'unknown') return ['the API server did not answer'];
  const names = only && new Set(only);
  return sight.nodes
    .filter(({ name }) => names?.has(name) ?? true)
    .map(
      ({ name, uid, ready, controlPlane }) =>
        `${controlPlane ? `control plane ${ready ? 'ready' : 'not ready'}` : 'node'} ${name} (${uid})`,
    )
    .toSorted();
}
