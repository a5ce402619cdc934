// All that the health controller knows when it decides: servers, what they hang on, who sees the clusters, which guards stand.
import type { IncidentScope } from '../incidents.ts';
import type { ClusterId, RackId, ServerId } from '../ids.ts';
import type { ServerState } from '../server-lifecycle/table.ts';
import type { HealthPolicy } from './policy.ts';
import type { Begun, RemedyName } from './remedies.ts';
import { type SignalName, stopsService } from './signals.ts';

/** Times are milliseconds since the epoch. */
export type StandingSignal = { signal: SignalName; since: number; detail: string };

export type ServerHealth = {
  id: ServerId;
  name: string;
  state: ServerState;
  clusterId: ClusterId | null;
  controlPlane: boolean;
  rack: { id: RackId; name: string } | null;
  /** Names; they belong to the rack. */
  feeds: readonly string[];
  switches: readonly string[];
  signals: readonly StandingSignal[];
  /** Any operation, whoever asked for it. */
  operationRuns: boolean;
  /** Power cycles of the last 24 hours, oldest first. */
  powerCycles: readonly number[];
  /** How its last remediation failed; null when it did not. */
  lastFailure: string | null;
  hasBmc: boolean;
  /** What the upper rungs began for it, whoever asked; newest first. */
  begun: readonly Begun[];
  /** What its BMC said just now; undefined: it was not asked. */
  bmc?: 'answers' | 'silent' | undefined;
};

/** What one of our processes last saw of a cluster's API server. */
export type ClusterSight = { vantage: string; sees: boolean; since: number };
export type ClusterView = { id: ClusterId; name: string; sights: readonly ClusterSight[] };

/** An open domain incident or storm, and when its reason was last true. */
export type StandingGuard = { kind: 'domain_incident' | 'remediation_storm'; scope: IncidentScope; lastHeldAt: number };

export type HealthView = {
  now: number;
  policy: HealthPolicy;
  /** Every server that serves, served or should serve: also the healthy ones, because shares are counted. */
  servers: readonly ServerHealth[];
  clusters: readonly ClusterView[];
  guards: readonly StandingGuard[];
  /** What the policy itself began within 24 hours, for each cluster. */
  begunToday: readonly { remedy: RemedyName; clusterId: ClusterId | null; count: number }[];
};

/** Since when it does not serve as it should; undefined while it does. */
export function failingSince({ signals }: Pick<ServerHealth, 'signals'>): number | undefined {
  const times = signals.filter(({ signal }) => stopsService(signal)).map(({ since }) => since);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Belongs to its cluster by our records, well or not. */
export function serves({ state }: Pick<ServerHealth, 'state'>): boolean {
  return state === 'in_service' || isAway(state);
}

/** Re-imaged or taken out by the policy: whom people take out on purpose the view does not show. */
const isAway = (state: ServerState): boolean =>
  state === 'remediating' || state === 'degraded' || state === 'reimaging' || state === 'isolating';

/** A re-image or a replacement runs for it. */
export function isHandedOn({ begun }: Pick<ServerHealth, 'begun'>): boolean {
  return begun.some(({ remedy, over }) => remedy !== 'open_work_order' && !over);
}

/** Its re-image ended half-way, and nothing serves on it since. */
export function reimageFailed({ state, begun }: Pick<ServerHealth, 'state' | 'begun'>): boolean {
  return state === 'provisioning_failed' && begun.find(({ remedy }) => remedy === 'reimage')?.state === 'failed';
}

export function isBeingReplaced({ begun }: Pick<ServerHealth, 'begun'>): boolean {
  return begun.some(({ remedy, over }) => remedy === 'replace' && !over);
}

/** What is in remediation, or gave up, counts as unhealthy in every budget: it does not serve. */
export function isUnhealthy(server: Pick<ServerHealth, 'signals' | 'state'>): boolean {
  return isAway(server.state) || failingSince(server) !== undefined;
}

/** What can fail together with its neighbours: itself is not among them. */
export function domainsOf({ rack, feeds, switches }: Pick<ServerHealth, 'rack' | 'feeds' | 'switches'>): IncidentScope[] {
  if (rack === null) return [];
  const part = (kind: 'feed' | 'switch') => (name: string) => ({ kind, id: `${rack.id}/${name}`, name: `${rack.name}/${name}` });
  return [{ kind: 'rack', id: rack.id, name: rack.name }, ...feeds.map(part('feed')), ...switches.map(part('switch'))];
}
