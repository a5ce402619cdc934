// Which clusters we see clearly enough to act on what they say, and which have too many unhealthy servers.
import type { Facts } from '../errors.ts';
import type { ClusterId, ServerId } from '../ids.ts';
import { type HealthView, isUnhealthy, serves } from './view.ts';

export type ClusterJudgement = {
  id: ClusterId;
  name: string;
  /** Why nothing is begun on its word. */
  doubt?: { because: 'api_server_silent' | 'vantages_disagree'; since: number; facts: Facts } | undefined;
  /** `told`: by an incident of its own; else domain incidents tell of most of these servers already. */
  storm?: { lastHeldAt: number; facts: Facts; told: boolean } | undefined;
};

/** @param explained  by domain incidents: no second incident tells of them */
export function judgeClusters(view: HealthView, explained: ReadonlySet<ServerId>): Map<ClusterId, ClusterJudgement> {
  return new Map(
    view.clusters.map(({ id, name, sights }) => [id, { id, name, doubt: doubtOf(sights), storm: stormOf(view, id, explained) }]),
  );
}

/** One that nobody looks at is not seen. One blind worker is enough: it may be the others that look at an old answer. */
function doubtOf(sights: HealthView['clusters'][number]['sights']): ClusterJudgement['doubt'] {
  const blind = sights.filter(({ sees }) => !sees);
  if (sights.length > 0 && blind.length === 0) return undefined;
  const since = Math.min(...blind.map((sight) => sight.since), Number.MAX_SAFE_INTEGER);
  const facts = { workers: sights.length, blind: blind.length, blindWorker: blind[0]?.vantage ?? null };
  return { because: blind.length < sights.length ? 'vantages_disagree' : 'api_server_silent', since, facts };
}

function stormOf(
  { now, policy, servers, guards }: HealthView,
  id: ClusterId,
  explained: ReadonlySet<ServerId>,
): ClusterJudgement['storm'] {
  const members = servers.filter((server) => server.clusterId === id && serves(server));
  const unhealthy = members.filter(isUnhealthy);
  const most = Math.max(1, Math.floor((members.length * policy.clusterUnhealthyPercent) / 100));
  const standing = guards.find(({ kind, scope }) => kind === 'remediation_storm' && scope.id === id);
  const holds = unhealthy.length > most;
  if (!holds && (!standing || now - standing.lastHeldAt >= policy.cooldownSeconds * 1_000)) return undefined;
  const lastHeldAt = holds || !standing ? now : standing.lastHeldAt;
  const told = standing !== undefined || unhealthy.filter((server) => !explained.has(server.id)).length > most;
  return { lastHeldAt, told, facts: { unhealthy: unhealthy.length, of: members.length, most } };
}
