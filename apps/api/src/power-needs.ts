// What the API reads of power and of leases.
import type { ColdStartId, OperationId, RackId, ServerId, SiteId } from '@rackwright/domain/ids.ts';
import type { ColdStartPlan, Tier } from '@rackwright/domain/power/cold-start-plan.ts';
import type { ColdServerState, ColdStartState } from '@rackwright/domain/power/cold-start-progress.ts';
import type { RackPowerState } from '@rackwright/domain/power/rack-power.ts';
import type { Page, PageRequest } from './collection-needs.ts';
import type { OperationRecord } from './records.ts';

export type LeaseRecord = {
  server: { id: ServerId; name: string };
  rack: { id: RackId; name: string } | null;
  siteId: SiteId;
  owner: { operationId: OperationId | null; type: string; requestedBy: string };
  reason: string;
  since: string;
  expiresAt: string;
  waitingFor: OperationRecord['waitingFor'];
};
export type LeaseFilter = {
  serverId?: ServerId | undefined;
  rackId?: RackId | undefined;
  siteId?: SiteId | undefined;
  waitingFor?: string | undefined;
};

export interface Power {
  /** Refusal `not_found`. */
  rack(id: RackId): Promise<RackPowerState>;
  /** Of a server in service. Refusals `operation_in_progress`, `not_allowed_in_state`. */
  on(id: OperationId, request: { serverId: ServerId; requestedBy: string; reason: string }): Promise<OperationRecord>;
  leases(page: PageRequest, filter: LeaseFilter): Promise<Page<LeaseRecord>>;
}

export type ColdStartSummary = {
  id: ColdStartId;
  siteId: SiteId;
  state: ColdStartState;
  /** The last one that was begun; 0: none yet. */
  wave: number;
  waves: number;
  pausedBecause: string | null;
  pausedAt: string | null;
  requestedBy: string;
  reason: string;
  createdAt: string;
  finishedAt: string | null;
};
export type ColdStartRecord = ColdStartSummary & {
  plan: ColdStartPlan;
  servers: {
    serverId: ServerId;
    name: string;
    tier: Tier;
    wave: number;
    state: ColdServerState;
    operationId: OperationId | null;
    code: string | null;
    begunAt: string | null;
    endedAt: string | null;
  }[];
};

/** Each throws Refusal `not_found`. */
export interface ColdStarts {
  plan(siteId: SiteId, seenSince: string | null): Promise<ColdStartPlan>;
  get(id: ColdStartId): Promise<ColdStartRecord>;
  /** Newest first. */
  list(page: PageRequest, filter: { siteId: SiteId }): Promise<Page<ColdStartSummary>>;
  /** Refusals `cold_start_in_progress`, `nothing_to_power_on`. */
  begin(
    id: ColdStartId,
    asked: { siteId: SiteId; seenSince: string | null; requestedBy: string; reason: string },
  ): Promise<ColdStartRecord>;
  /** May be repeated. Refusal `cold_start_finished`. */
  pause(id: ColdStartId, by: string): Promise<ColdStartRecord>;
  resume(id: ColdStartId, by: string): Promise<ColdStartRecord>;
  cancel(id: ColdStartId, by: string): Promise<ColdStartRecord>;
}
