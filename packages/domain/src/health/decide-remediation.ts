// The health controller's whole mind: what is done with each server that is not well, and why; also why nothing is done.
import { hours } from '../durations.ts';
import type { NewIncident } from '../incidents.ts';
import { type Budgets, budgetsOf } from './budgets.ts';
import { dayBudgetsOf } from './day-budgets.ts';
import type { Decision, Guards } from './decision.ts';
import { findDomainIncidents } from './find-domain-incidents.ts';
import { judgeClusters } from './judge-clusters.ts';
import { BEING_REPLACED, climbed, type Escalation, escalationAtOnce, escalationOnceSettled } from './escalation.ts';
import { heldByGuard } from './held-by-guard.ts';
import { healthIncidents } from './health-incidents.ts';
import { higher, type Rung } from './ladder.ts';
import { planRemedies, runningRemedies } from './plan-remedies.ts';
import { rowOf, stopsService } from './signals.ts';
import { failingSince, type HealthView, isBeingReplaced, isUnhealthy, reimageFailed, type ServerHealth } from './view.ts';

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
  const days = dayBudgetsOf(view);
  const unwell = view.servers
    .filter((server) => isUnhealthy(server) || reimageFailed(server) || server.signals.length > 0)
    .toSorted((a, b) => sinceOf(a) - sinceOf(b) || (a.id < b.id ? -1 : 1));
  const decisions = unwell.map((server) => {
    const decision = decide(server, view, guards, budgets);
    if (decision.do === 'remediate') budgets.spend(server);
    if (decision.do !== 'escalate') return { ...decision, remedies: runningRemedies(server) };
    return { ...decision, remedies: planRemedies(server, decision, view, guards, { budgets, days }) };
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
    remedies: [],
    ...rest,
  });
  if (server.state === 'remediating') return decision({ because: 'already_remediating' });
  if (server.operationRuns) return decision({ because: 'operation_in_progress' });
  const escalate = (escalation: Escalation, until: number | null = null): Decision =>
    decision({ do: 'escalate', ...climbed(escalation, server, now), until });
  const atOnce = escalationAtOnce(server);
  if (atOnce) return escalate(atOnce);
  const since = failingSince(server);
  if (since === undefined || server.state !== 'in_service') return decision(whileItServes(server, view));
  if (isBeingReplaced(server)) return escalate(BEING_REPLACED);
  if (policy.paused) return decision({ because: 'remediation_paused' });

  const held = heldByGuard(server, guards);
  if (held) return decision(held);
  const settledAt = since + policy.settleSeconds * 1_000;
  if (now < settledAt) return decision({ because: 'settling', until: settledAt });
  const beyondRestarts = escalationOnceSettled(server);
  if (beyondRestarts) return escalate(beyondRestarts);

  const cycles = server.powerCycles.filter((at) => at > now - hours(24));
  if (cycles.length >= policy.powerCyclesPerDay) {
    const until = (cycles[0] ?? now) + hours(24);
    return escalate({ rung: 'reimage', because: 'server_budget_spent', facts: { powerCycles: cycles.length } }, until);
  }
  if (!server.hasBmc) return decision({ do: 'escalate', rung: 'person', because: 'bmc_missing' });
  if (server.bmc === undefined) return decision({ do: 'look', because: 'bmc_not_asked' });
  if (guards.bmcNetworkSilent) return decision({ because: 'bmc_network_silent' });
  if (server.bmc === 'silent') return decision({ do: 'escalate', rung: 'person', because: 'bmc_silent' });
  const full = budgets.refuses(server);
  if (full) return decision({ because: full });
  return decision({ do: 'remediate', rung: firstRung(server), because: 'signal_stands' });
}

/** What its BMC sums up names no part, so it keeps nobody from restarting a Node that fails; of one that serves a person is told. */
function whileItServes(
  { state, signals }: ServerHealth,
  { now, policy }: HealthView,
): Partial<Decision> & Pick<Decision, 'because'> {
  const said = signals.find(({ signal }) => rowOf(signal).from === 'bmc_summary');
  if (said === undefined || state !== 'in_service') return { because: 'only_observed' };
  const { signal, detail, since } = said;
  const settledAt = since + policy.settleSeconds * 1_000;
  if (now < settledAt) return { because: 'settling', until: settledAt };
  return { do: 'escalate', rung: rowOf(signal).first, because: 'bmc_says_critical', facts: { signal, detail } };
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
