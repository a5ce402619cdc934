// What of the upper rungs is begun for a server that restarts do not mend, what was begun already, and what waits for what.
import { hours } from '../durations.ts';
import { next } from '../server-lifecycle/table.ts';
import type { Budgets } from './budgets.ts';
import type { DayBudgets } from './day-budgets.ts';
import type { Decision, Guards } from './decision.ts';
import { partsToldOf } from './escalation.ts';
import { heldByGuard } from './held-by-guard.ts';
import type { Leave } from './policy.ts';
import type { Begun, Remedy, RemedyName } from './remedies.ts';
import { HEALTH_REASONS } from './reasons.ts';
import { rowOf } from './signals.ts';
import { failingSince, type HealthView, type ServerHealth } from './view.ts';

export type Spending = { budgets: Budgets; days: DayBudgets };
type Held = Pick<Remedy, 'because' | 'facts' | 'until'>;

/** Pure, but for the budgets: what it begins is spent. */
export function planRemedies(
  server: ServerHealth,
  decision: Decision,
  view: HealthView,
  guards: Guards,
  { budgets, days }: Spending,
): Remedy[] {
  return wantedFor(server, decision, view.now).map(({ remedy, since, ...named }) => {
    const plan: Remedy = { remedy, state: 'begin', id: null, because: null, facts: {}, until: null, ...named };
    const before = begunBefore(server, plan, since);
    if (before) {
      const ended = before.over ? { [`${remedy}_ended`]: before.state } : {};
      return { ...plan, state: 'begun', id: before.id, facts: { ...before.facts, ...ended } };
    }
    const held = holdsBack(server, plan, since, view, guards) ?? full(server, remedy, { budgets, days });
    if (held) return { ...plan, state: 'waits', ...held };
    days.spend(server, remedy);
    if (remedy !== 'open_work_order') budgets.spend(server);
    return plan;
  });
}

/** What runs for it, whatever is decided now: it is being re-imaged, say, and nothing else may begin. */
export function runningRemedies({ begun }: ServerHealth): Remedy[] {
  return begun
    .filter(({ over }) => !over)
    .map(({ remedy, id, cause, facts }) => ({
      remedy,
      state: 'begun',
      id,
      because: null,
      facts,
      until: null,
      cause,
      suspect: null,
    }));
}

/** `since`: when its trouble began. */
type Wanted = Pick<Remedy, 'remedy' | 'cause' | 'suspect'> & { since: number };

function wantedFor(server: ServerHealth, { rung, because }: Decision, now: number): Wanted[] {
  if (because === 'part_failed') return forParts(server, rung);
  const since = failingSince(server) ?? now - hours(24);
  const wanted = (remedy: RemedyName): Wanted => ({
    remedy,
    since,
    cause: `${because}: ${HEALTH_REASONS[because].says}`,
    suspect: null,
  });
  if (because === 'being_replaced') return [wanted('replace')];
  if (rung === 'replace') return [wanted('open_work_order'), wanted('replace')];
  // Where the first installation failed the table knows no re-image: a person provisions again, or releases it.
  return rung === 'reimage' && next(server.state, 'reimage') !== undefined ? [wanted('reimage')] : [];
}

/** An order for each part; a spare for the machine. */
function forParts(server: ServerHealth, rung: Decision['rung']): Wanted[] {
  const parts = partsToldOf(server).filter(({ signal }) => rowOf(signal).lasts === 'permanent');
  const orders = parts.map(
    ({ signal, since, detail }): Wanted => ({
      remedy: 'open_work_order',
      since,
      cause: rowOf(signal).means,
      suspect: { signal, detail },
    }),
  );
  const [worst] = orders;
  return rung === 'replace' && worst ? [...orders, { ...worst, remedy: 'replace' }] : orders;
}

/** What runs, or ended without mending this trouble: whoever cancelled it meant it, and what failed is not tried again by itself. */
function begunBefore({ begun }: ServerHealth, { remedy, cause }: Remedy, since: number): Begun | undefined {
  const alike = begun.filter((one) => one.remedy === remedy && (remedy !== 'open_work_order' || one.cause === cause));
  return alike.find(({ over }) => !over) ?? alike.find(({ at }) => at >= since);
}

const LEAVE = { open_work_order: 'workOrder', reimage: 'reimage', replace: 'replace' } as const;

function holdsBack(
  server: ServerHealth,
  { remedy, suspect }: Remedy,
  since: number,
  { now, policy }: HealthView,
  guards: Guards,
): Held | undefined {
  const held = (because: Held['because'], rest: Partial<Held> = {}): Held => ({ because, facts: {}, until: null, ...rest });
  if (policy.paused) return held('remediation_paused');
  const leave: Leave = policy.escalation[LEAVE[remedy]];
  if (leave === 'ask') return held('escalation_asks');
  // Restarts seemed to be in vain, and it came back all the same: nobody drains a node that serves without asking.
  if (server.state === 'degraded' && suspect === null && failingSince(server) === undefined) return held('serves_again');
  const guard = heldByGuard(server, guards);
  if (guard) return held(guard.because, { facts: guard.facts ?? {} });
  if (guards.bmcNetworkSilent) return held('bmc_network_silent');
  // The first of many broken parts must not be acted on before the others had time to show.
  const settledAt = since + policy.settleSeconds * 1_000;
  return now < settledAt ? held('settling', { until: settledAt }) : undefined;
}

function full(server: ServerHealth, remedy: RemedyName, { budgets, days }: Spending): Held | undefined {
  // A work order touches nothing: only its number is bounded.
  const refused = remedy === 'open_work_order' ? undefined : budgets.refuses(server);
  const because = refused ?? (days.isSpent(server, remedy) ? 'cluster_day_spent' : undefined);
  return because && { because, facts: {}, until: null };
}
