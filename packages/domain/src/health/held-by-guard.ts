// What keeps a whole group of servers from being touched, seen from one of them.
import type { Decision, Guards } from './decision.ts';
import type { ServerHealth } from './view.ts';

export function heldByGuard(
  server: ServerHealth,
  { clusters, domains }: Guards,
): (Pick<Decision, 'because'> & Partial<Pick<Decision, 'facts'>>) | undefined {
  const cluster = server.clusterId === null ? undefined : clusters.get(server.clusterId);
  if (cluster?.doubt) return { because: cluster.doubt.because, facts: cluster.doubt.facts };
  const domain = domains.find(({ servers }) => servers.has(server.id));
  if (domain)
    return { because: 'domain_incident', facts: { [domain.scope.kind]: domain.scope.name, servers: domain.servers.size } };
  if (cluster?.storm) return { because: 'remediation_storm', facts: cluster.storm.facts };
  return undefined;
}
