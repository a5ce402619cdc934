// What the API needs to plan operations, carry plans out, and say how far they are; the worker drives what was begun.
import type { FilterCondition } from '@rackwright/api-contract/filter/parse-filter.ts';
import type { Facts } from '@rackwright/domain/errors.ts';
import type { BulkOperationId, ClusterId, OperationId, PlanId, ServerId } from '@rackwright/domain/ids.ts';
import type { ClusterSight } from '@rackwright/domain/plans/cluster-sight.ts';
import type { PlanItem, PlanSummary } from '@rackwright/domain/plans/plan-all.ts';
import type { PlanChange } from '@rackwright/domain/plans/plan-changes.ts';
import type { PlannedOperation } from '@rackwright/domain/plans/plan-operation.ts';
import type { PlanBasis, PlanSubject, PlanWorld } from '@rackwright/domain/plans/plan-subject.ts';
import type { ItemState, Waves } from '@rackwright/domain/plans/waves.ts';
import type { OperationEvent } from '@rackwright/domain/server-lifecycle/missing-for.ts';
import type { WorkflowName } from '@rackwright/domain/server-lifecycle/table.ts';
import type { Page, PageRequest } from './collection-needs.ts';

export type Selection = { ids: ServerId[] } | { filter: string; conditions: FilterCondition[] };
/** What was seen of a cluster or an image, in lines that are compared; `only` these nodes of it matter. */
export type Sight = { name: string; lines: string[]; only?: string[] | undefined };

type PlanMatter = {
  event: OperationEvent;
  params: Record<string, unknown>;
  reason: string;
  requestedBy: string;
  selection: Selection;
  waves: Waves;
  summary: PlanSummary;
  sights: Record<string, Sight>;
};
export type NewPlan = PlanMatter & { items: readonly PlanItem[]; lastsSeconds: number };
export type PlanRecord = PlanMatter & {
  id: PlanId;
  fingerprint: string;
  createdAt: string;
  expiresAt: string;
  executionId: BulkOperationId | null;
};
export type PlanItemRecord = {
  position: number;
  serverId: ServerId;
  serverName: string;
  runs: boolean;
  basis: PlanBasis;
  planned: PlannedOperation;
};

export interface Plans {
  /** Refusals `too_many_servers`, `nothing_chosen`, `not_found`. */
  choose(selection: Selection): Promise<PlanSubject[]>;
  world(
    workflow: WorkflowName,
    target: ClusterId | undefined,
  ): Promise<Omit<PlanWorld, 'clusters'> & { clusters: { id: ClusterId; name: string; hasCredentials: boolean }[] }>;
  create(id: PlanId, plan: NewPlan): Promise<PlanRecord>;
  get(id: PlanId): Promise<PlanRecord>;
  items(id: PlanId, page: PageRequest, filter: { runs?: boolean | undefined }): Promise<Page<PlanItemRecord>>;
  /** Carried out already: the same again. Refusals `plan_expired`, `plan_runs_nothing`. Changes: nothing was begun. */
  execute(
    id: PlanId,
    bulkId: BulkOperationId,
    by: string,
    sights: Record<string, Sight>,
  ): Promise<{ changes: PlanChange[] } | { execution: BulkRecord }>;
}

export type BulkState = 'running' | 'paused' | 'stopped' | 'cancelling' | 'cancelled' | 'finished';
export type BulkRecord = {
  id: BulkOperationId;
  planId: PlanId;
  event: OperationEvent;
  params: Record<string, unknown>;
  reason: string;
  requestedBy: string;
  waves: Waves;
  state: BulkState;
  stateSince: string;
  stateBy: string;
  stopped: {
    because: 'canary_failed' | 'too_many_failures';
    failures: number;
    failed: { server: string; code: string }[];
  } | null;
  waitingFor: { code: string; facts: Facts; since: string; until: string | null; unblockedBy: string } | null;
  createdAt: string;
  finishedAt: string | null;
  counts: Partial<Record<ItemState, number>>;
  wave: number | null;
};
export type BulkItemRecord = {
  position: number;
  serverId: ServerId;
  serverName: string;
  state: ItemState;
  wave: number | null;
  operationId: OperationId | null;
  begunAt: string | null;
  endedAt: string | null;
  error: { code: string; facts: Facts } | null;
};

/** Each change throws Refusal `bulk_operation_finished` when it ended; all may be repeated. */
export interface BulkOperations {
  get(id: BulkOperationId): Promise<BulkRecord>;
  list(page: PageRequest, filter: { state?: BulkState | undefined }): Promise<Page<BulkRecord>>;
  items(id: BulkOperationId, page: PageRequest, filter: { state?: ItemState | undefined }): Promise<Page<BulkItemRecord>>;
  pause(id: BulkOperationId, by: string): Promise<BulkRecord>;
  resume(id: BulkOperationId, by: string): Promise<BulkRecord>;
  cancel(
    id: BulkOperationId,
    how: { running: 'finish' | 'cancel'; by: string; reason: string },
  ): Promise<{ bulk: BulkRecord; cancelled: OperationId[] }>;
}

/** Never throws for a cluster that is away: that is an answer. `nodeNames`: whose pods are looked at. */
export type SeeCluster = (clusterId: ClusterId, nodeNames: readonly string[]) => Promise<ClusterSight>;
