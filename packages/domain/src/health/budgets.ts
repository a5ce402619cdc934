// How many servers may be in remediation at once behind each thing; what runs already is counted before anything new.
import type { IncidentScope } from '../incidents.ts';
import type { HealthReason } from './reasons.ts';
import type { HealthPolicy } from './policy.ts';
import { domainsOf, isHandedOn, isUnhealthy, type ServerHealth } from './view.ts';

export type Budgets = {
  /** The first budget that is full for this server; undefined: it may begin. */
  refuses(server: ServerHealth): HealthReason | undefined;
  spend(server: ServerHealth): void;
};

const FULL = {
  cluster: 'cluster_budget_full',
  rack: 'rack_budget_full',
  feed: 'feed_budget_full',
  switch: 'switch_budget_full',
} as const satisfies Partial<Record<IncidentScope['kind'], HealthReason>>;
type Budgeted = keyof typeof FULL;

export function budgetsOf(policy: HealthPolicy, servers: readonly ServerHealth[]): Budgets {
  const most: Record<Budgeted, number> = {
    cluster: policy.atOncePerCluster,
    rack: policy.atOncePerRack,
    feed: policy.atOncePerFeed,
    switch: policy.atOncePerSwitch,
  };
  const spent = new Map<string, number>();
  const spend = (server: ServerHealth): void => {
    for (const { key } of thingsOf(server)) spent.set(key, (spent.get(key) ?? 0) + 1);
  };
  const ailingControlPlanes = new Map<string, Set<string>>();
  for (const server of servers) {
    if (server.state === 'remediating' || isHandedOn(server)) spend(server);
    if (server.controlPlane && server.clusterId !== null && isUnhealthy(server)) {
      const ailing = ailingControlPlanes.get(server.clusterId) ?? new Set();
      ailingControlPlanes.set(server.clusterId, ailing.add(server.id));
    }
  }
  return {
    refuses(server) {
      if (server.controlPlane && server.clusterId !== null) {
        // etcd survives the loss of one: with a second one unwell nobody is switched off by a machine's decision.
        const others = [...(ailingControlPlanes.get(server.clusterId) ?? [])].filter((id) => id !== server.id);
        if (others.length > 0) return 'control_plane_busy';
      }
      const full = thingsOf(server).find(({ kind, key }) => (spent.get(key) ?? 0) >= most[kind]);
      return full && FULL[full.kind];
    },
    spend,
  };
}

function thingsOf(server: ServerHealth): { kind: Budgeted; key: string }[] {
  const cluster = server.clusterId === null ? [] : [{ kind: 'cluster' as const, key: `cluster ${server.clusterId}` }];
  const domains = domainsOf(server).flatMap(({ kind, id }) =>
    kind in FULL ? [{ kind: kind as Budgeted, key: `${kind} ${id}` }] : [],
  );
  return [...cluster, ...domains];
}
