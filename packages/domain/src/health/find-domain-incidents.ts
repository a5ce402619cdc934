// Many failures behind one rack, feed or switch within a short time are one trouble of what they share, not of each.
import type { IncidentScope } from '../incidents.ts';
import type { ServerId } from '../ids.ts';
import { domainsOf, failingSince, type HealthView, isUnhealthy, type ServerHealth } from './view.ts';

export type DomainIncident = {
  scope: IncidentScope;
  /** Unhealthy servers behind it: nothing is begun with them. */
  servers: ReadonlySet<ServerId>;
  behind: number;
  /** When so many were last unhealthy together. */
  lastHeldAt: number;
};

type Domain = { scope: IncidentScope; all: ServerHealth[]; unhealthy: ServerHealth[] };

/** Those that stand go on first, so that a trouble keeps its name; each server counts for one. */
export function findDomainIncidents(view: HealthView): DomainIncident[] {
  const domains = domainsIn(view.servers);
  const found: DomainIncident[] = [];
  const explained = new Set<ServerId>();
  const take = (domain: Domain, lastHeldAt: number) => {
    const servers = new Set(domain.unhealthy.map(({ id }) => id));
    for (const id of servers) explained.add(id);
    found.push({ scope: domain.scope, servers, behind: domain.all.length, lastHeldAt });
  };
  for (const guard of view.guards) {
    const domain = guard.kind === 'domain_incident' ? domains.get(keyOf(guard.scope)) : undefined;
    if (!domain) continue;
    const still = domain.unhealthy.length >= view.policy.domainFailures;
    const lastHeldAt = still ? view.now : guard.lastHeldAt;
    if (still || view.now - lastHeldAt < view.policy.cooldownSeconds * 1_000) take(domain, lastHeldAt);
  }
  for (;;) {
    const [worst] = [...domains.values()]
      .map((domain) => ({ domain, left: domain.unhealthy.filter(({ id }) => !explained.has(id)) }))
      .filter(({ left }) => failedTogether(left, view))
      .toSorted(byExplanation);
    if (!worst) return found;
    take(worst.domain, view.now);
  }
}

function domainsIn(servers: readonly ServerHealth[]): Map<string, Domain> {
  const domains = new Map<string, Domain>();
  for (const server of servers) {
    for (const scope of domainsOf(server)) {
      const domain = domains.get(keyOf(scope)) ?? { scope, all: [], unhealthy: [] };
      domains.set(keyOf(scope), domain);
      domain.all.push(server);
      if (isUnhealthy(server)) domain.unhealthy.push(server);
    }
  }
  return domains;
}

/** Are there so many within any window of that length? One that rests in `degraded` without a signal failed long ago. */
function failedTogether(servers: readonly ServerHealth[], { policy }: HealthView): boolean {
  const times = servers.flatMap((server) => failingSince(server) ?? []).toSorted((a, b) => a - b);
  const last = policy.domainFailures - 1;
  return times.some((time, at) => (times[at + last] ?? Number.POSITIVE_INFINITY) - time <= policy.domainWindowSeconds * 1_000);
}

type Explained = { domain: Domain; left: ServerHealth[] };

/** What explains most failures; of equals the smallest thing that can break. */
function byExplanation(a: Explained, b: Explained): number {
  return (
    b.left.length - a.left.length ||
    a.domain.all.length - b.domain.all.length ||
    rank(a.domain.scope) - rank(b.domain.scope) ||
    (a.domain.scope.id < b.domain.scope.id ? -1 : 1)
  );
}

/** With the same servers behind all of them nobody can tell which it is: then it is the rack, and the facts name what is in it. */
const rank = ({ kind }: IncidentScope): number => ['rack', 'switch', 'feed'].indexOf(kind);

const keyOf = ({ kind, id }: IncidentScope): string => `${kind} ${id}`;
