// The health controller's whole mind: what is done with each server that is not well, and why; also why nothing is done.
import { hours } from '../durations.ts';
import type { NewIncident } from '../incidents.ts';
import { type Budgets, budgetsOf } from './budgets.ts';
import type { Decision, Guards } from './decision.ts';
import { findDomainIncidents } from './find-domain-incidents.ts';
import { judgeClusters } from './judge-clusters.ts';
import { escalationAtOnce, escalationOnceSettled } from './escalation.ts';
import { healthIncidents } from './health-incidents.ts';
import { higher, type Rung } from './ladder.ts';
import { rowOf, stopsService } from './signals.ts';
import { failingSince, type HealthView, type ServerHealth } from './view.ts';

export type Decided = {
  /** One for each server that is not well, and no others. */
  decisions: Decision[];
  /** Those that are to be open now; what else of the controller's is open is over. */
  incidents: NewIncident[];
};

/** Pure: the same view gives the same decisions. Whoever failed first is considered first. */
export function decideRemediation(view: HealthView): Decided {
  const domains = findDomainIncidents(view);
  const clusters = judgeClusters(view, new Set(domains.flatMap(({ servers }) => [...servers])));
  const guards: Guards = { clusters, domains, bmcNetworkSilent: manyBmcsSilent(view) };
  const budgets = budgetsOf(view.policy, view.servers);
  const unwell = view.servers
    .filter(({ state, signals }) => state === 'remediating' || state === 'degraded' || signals.length > 0)
    .toSorted((a, b) => sinceOf(a) - sinceOf(b) || (a.id < b.id ? -1 : 1));
  const decisions = unwell.map((server) => {
    const decision = decide(server, view, guards, budgets);
    if (decision.do === 'remediate') budgets.spend(server);
    return decision;
  });
  return { decisions, incidents: healthIncidents(view, guards, decisions) };
}

const sinceOf = (server: ServerHealth): number => failingSince(server) ?? Number.MAX_SAFE_INTEGER;

function decide(server: ServerHealth, view: HealthView, guards: Guards, budgets: Budgets): Decision {
  const { now, policy } = view;
  const decision = (rest: Partial<Decision> & Pick<Decision, 'because'>): Decision => ({
    serverId: server.id,
    do: 'nothing',
    rung: 'observe',
    facts: {},
    until: null,
    ...rest,
  });
  if (server.state === 'remediating') return decision({ because: 'already_remediating' });
  if (server.operationRuns) return decision({ because: 'operation_in_progress' });
  const atOnce = escalationAtOnce(server);
  if (atOnce) return decision({ do: 'escalate', ...atOnce });
  const since = failingSince(server);
  if (since === undefined || server.state !== 'in_service') return decision({ because: 'only_observed' });
  if (policy.paused) return decision({ because: 'remediation_paused' });

  const held = heldByGuard(server, guards);
  if (held) return decision(held);
  const settledAt = since + policy.settleSeconds * 1_000;
  if (now < settledAt) return decision({ because: 'settling', until: settledAt });
  const beyondRestarts = escalationOnceSettled(server);
  if (beyondRestarts) return decision({ do: 'escalate', ...beyondRestarts });

  const cycles = server.powerCycles.filter((at) => at > now - hours(24));
  if (cycles.length >= policy.powerCyclesPerDay) {
    const until = (cycles[0] ?? now) + hours(24);
    return decision({
      do: 'escalate',
      rung: 'reimage',
      because: 'server_budget_spent',
      until,
      facts: { powerCycles: cycles.length },
    });
  }
  if (!server.hasBmc) return decision({ do: 'escalate', rung: 'person', because: 'bmc_missing' });
  if (server.bmc === undefined) return decision({ do: 'look', because: 'bmc_not_asked' });
  if (guards.bmcNetworkSilent) return decision({ because: 'bmc_network_silent' });
  if (server.bmc === 'silent') return decision({ do: 'escalate', rung: 'person', because: 'bmc_silent' });
  const full = budgets.refuses(server);
  if (full) return decision({ because: full });
  return decision({ do: 'remediate', rung: firstRung(server), because: 'signal_stands' });
}

function heldByGuard(
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

/** Where several signals stand, the one that wants most decides: a deadlocked kernel restarts no kubelet. */
function firstRung({ signals }: ServerHealth): Rung {
  return signals
    .filter(({ signal }) => stopsService(signal))
    .reduce<Rung>((rung, { signal }) => higher(rung, rowOf(signal).first), 'restart_software');
}

/** Among those whom we wanted to act on: silent ones must be many, and more than those that answer. */
function manyBmcsSilent({ servers, policy }: HealthView): boolean {
  const silent = servers.filter(({ bmc }) => bmc === 'silent').length;
  return silent >= policy.silentBmcs && silent > servers.filter(({ bmc }) => bmc === 'answers').length;
}
