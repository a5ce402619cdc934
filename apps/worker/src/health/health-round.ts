// One round of the health controller: see whether it is us, read, decide, look at BMCs where that is wanted, decide again, act.
import { type Decided, decideRemediation } from '@rackwright/domain/health/decide-remediation.ts';
import type { Decision } from '@rackwright/domain/health/decision.ts';
import { seconds } from '@rackwright/domain/durations.ts';
import { familyOf, stopsService } from '@rackwright/domain/health/signals.ts';
import type { HealthView, ServerHealth } from '@rackwright/domain/health/view.ts';
import type { NewIncident } from '@rackwright/domain/incidents.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import type { Log } from '../needs.ts';
import type { BmcSights } from './bmc-sights.ts';

/** An operation that the health policy begins; what the upper rungs begin stands in their decisions. */
export type ToBegin = { serverId: ServerId; event: 'remediate'; params: Record<string, unknown>; reason: string };

export type HealthStore = {
  /** Is this process the controller for the next so many milliseconds? */
  lead(forMs: number): Promise<boolean>;
  /** Undefined: there is nothing to decide. */
  view(): Promise<HealthView | undefined>;
  /** All in one transaction, or nothing (undefined) when another process leads now. @returns what to wake */
  act(acts: { begin: ToBegin[]; decisions: Decision[]; incidents: NewIncident[] }): Promise<OperationId[] | undefined>;
};

export type HealthRoundNeeds = {
  store: HealthStore;
  bmcs: BmcSights;
  wakeUp(operationId: OperationId): Promise<void>;
  log: Log;
};

/** Longer than a round can take: asking BMCs is bounded by three quarters of a minute. */
const LEAD_MS = seconds(90);

/** Harmless to run at any time, in any process, again. */
export async function healthRound(needs: HealthRoundNeeds): Promise<void> {
  const { store, bmcs, log } = needs;
  if (!(await store.lead(LEAD_MS))) return;
  const view = await store.view();
  if (!view) return;
  let decided = decideRemediation(withBmcs(view, bmcs));
  const toAsk = decided.decisions.filter((decision) => decision.do === 'look').map(({ serverId }) => serverId);
  if (toAsk.length > 0) {
    await bmcs.ask(toAsk);
    decided = decideRemediation(withBmcs(view, bmcs));
  }
  const acts = actsFor(decided, view);
  const begun = await store.act(acts);
  if (begun === undefined) return log.info({}, 'another worker controls health now');
  for (const { serverId, event, reason } of acts.begin) log.info({ serverId, event, reason }, 'health policy acts');
  for (const id of begun) await needs.wakeUp(id);
}

function withBmcs(view: HealthView, bmcs: BmcSights): HealthView {
  return { ...view, servers: view.servers.map((server) => ({ ...server, bmc: bmcs.of(server.id) })) };
}

function actsFor({ decisions, incidents }: Decided, view: HealthView) {
  const servers = new Map(view.servers.map((server) => [server.id, server]));
  const begin = decisions.flatMap((decision) => {
    const server = decision.do === 'remediate' ? servers.get(decision.serverId) : undefined;
    return server ? [remediation(decision, server, view)] : [];
  });
  return { begin, decisions, incidents };
}

const MOST_POWER_CYCLES = 2;

function remediation({ serverId, rung }: Decision, server: ServerHealth, { policy }: HealthView): ToBegin {
  const stopping = server.signals.filter(({ signal }) => stopsService(signal));
  const onlyReadiness = stopping.every(({ signal }) => familyOf(signal) === 'ready');
  const left = policy.powerCyclesPerDay - server.powerCycles.length;
  const params = {
    first: rung,
    powerCycles: Math.min(MOST_POWER_CYCLES, left),
    bootSeconds: policy.bootSeconds,
    ...(onlyReadiness ? { onlyIf: 'not_ready' } : {}),
  };
  return { serverId, event: 'remediate', params, reason: stopping.map(({ signal }) => signal).join(', ') };
}
