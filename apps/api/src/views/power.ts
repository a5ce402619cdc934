// Leases and a rack's power as the API shows them.
import type { ColdStartPlanView, ColdStartSummaryView, ColdStartView } from '@rackwright/api-contract/resources/cold-start.ts';
import type { LeaseView, RackPowerView } from '@rackwright/api-contract/resources/power.ts';
import type { SiteId } from '@rackwright/domain/ids.ts';
import type { ColdStartPlan } from '@rackwright/domain/power/cold-start-plan.ts';
import { FREED_BY } from '@rackwright/domain/power/grant-power.ts';
import { type RackPowerState, reportRackPower } from '@rackwright/domain/power/rack-power.ts';
import type { ColdStartRecord, ColdStartSummary, LeaseRecord } from '../power-needs.ts';
import { operationType, viewWaiting } from './operation.ts';

export function viewLease({ owner, waitingFor, ...lease }: LeaseRecord): LeaseView {
  return {
    kind: 'lease',
    ...lease,
    owner: { ...owner, type: operationType(owner.type) },
    waitingFor: waitingFor && viewWaiting(waitingFor),
  };
}

export function viewRackPower(rack: RackPowerState): RackPowerView {
  const { circuits, grants, waiting } = reportRackPower(rack);
  const count = (power: 'on' | 'off' | null) => rack.servers.filter((server) => server.power === power).length;
  return {
    kind: 'rack_power',
    rack: { id: rack.id, name: rack.name },
    at: instant(rack.now),
    powerOnsAtOnce: rack.atOnce ?? null,
    circuits: circuits.map(({ kind, steadyAmps, startingAmps, freeAmps, budgetAmps, ...circuit }) => ({
      type: kind,
      ...circuit,
      budgetAmps: rounded(budgetAmps),
      steadyAmps: rounded(steadyAmps),
      startingAmps: rounded(startingAmps),
      freeAmps: rounded(freeAmps),
    })),
    servers: {
      on: count('on'),
      off: count('off'),
      neverSeen: count(null),
      drawAssumed: rack.servers.filter(({ drawFrom }) => drawFrom === 'assumed').length,
    },
    grants: grants.map(({ server: { id, name, operationId, grantedAt, usedAt, expiresAt }, amps }) => ({
      server: { id, name },
      operationId,
      amps: amps.map((on) => ({ circuit: on.circuit, amps: rounded(on.amps) })),
      grantedAt: instant(grantedAt ?? rack.now),
      usedAt: usedAt === null ? null : instant(usedAt),
      expiresAt: instant(expiresAt ?? rack.now),
    })),
    waiting: waiting.map(({ server: { id, name, operationId, askedAt }, why, circuit, askedAmps, freeAmps, nextFreeAt }) => ({
      server: { id, name },
      operationId,
      since: instant(askedAt ?? rack.now),
      why,
      circuit: circuit?.name ?? null,
      askedAmps: rounded(askedAmps),
      freeAmps: rounded(freeAmps),
      nextFreeAt: nextFreeAt === undefined || !Number.isFinite(nextFreeAt) ? null : instant(nextFreeAt),
      unblockedBy: FREED_BY[why],
    })),
  };
}

const instant = (millis: number): string => new Date(millis).toISOString();
const rounded = (amps: number): number => Math.round(amps * 100) / 100;

export const viewColdStartPlan = (siteId: SiteId, plan: ColdStartPlan): ColdStartPlanView => ({
  kind: 'cold_start_plan',
  siteId,
  ...plan,
});

export function viewColdStart(record: ColdStartRecord): ColdStartView {
  const { servers, plan } = record;
  return { ...viewColdStartSummary(record), servers, plan };
}

export const viewColdStartSummary = (one: ColdStartSummary): ColdStartSummaryView => ({
  kind: 'cold_start',
  id: one.id,
  siteId: one.siteId,
  state: one.state,
  wave: one.wave,
  waves: one.waves,
  paused: one.pausedBecause === null || one.pausedAt === null ? null : { because: one.pausedBecause, since: one.pausedAt },
  requestedBy: { principal: one.requestedBy },
  reason: one.reason,
  createdAt: one.createdAt,
  finishedAt: one.finishedAt,
});
